import RadiographData
import Support

/// How well a network of `thorax train reidentifier` recognises patients of a part of a dataset.
public struct ReidentifierMeasurement: Sendable, Encodable {
  /// SHA-256 of the network's weights.
  public let hash: String
  public let images: Int
  public let patients: Int
  public let samePatientPairs: Int
  public let otherPatientPairs: Int
  /// The area under the curve of pairs of images of one patient against pairs of two of the same source.
  public let auroc: Double
  /// 95 % of draws of patients lie in it.
  public let ci95: [Double]
  /// Images of patients who have another.
  public let repeatedImages: Int
  /// The share of them that another image of their patient matches.
  public let recognised: Double
  public let recognisedCI95: [Double]
  /// The cosine to the training images that is above that of 99 of 100 images of patients outside of training.
  public let threshold: Double
  /// What a reader of the figures has to know.
  public let notes: [String]

  enum CodingKeys: String, CodingKey {
    case hash, images, patients, auroc, ci95, recognised, threshold, notes
    case samePatientPairs = "same_patient_pairs"
    case otherPatientPairs = "other_patient_pairs"
    case repeatedImages = "repeated_images"
    case recognisedCI95 = "recognised_ci95"
  }

  /// - Parameters:
  ///   - part: The part of the dataset that it is measured on.
  ///   - source: Only images of this source; nil for all.
  /// - Throws: What reading the file throws; ``MeasurementError/tooFewInSet(path:found:minimum:)`` for too few images that
  ///   set the threshold, ``MeasurementError/tooFewRepeatedPatients(path:minimum:)``,
  ///   ``MeasurementError/trainedOn(model:images:patients:names:)`` if its training saw patients who are measured or set the
  ///   threshold; ``MeasurementError/unknownSource(_:known:)``, `DatasetError`, `TorchError`.
  public init(path: String, dataset: RadiographDataset, part: HeldOutPart, source: String? = nil, seed: UInt64) throws {
    let network = try ReidentifierExtractor(contentsOf: path)
    let records = try dataset.records(ofSource: source)
    let set = try DatasetImages(
      dataset, records: records.filter { part.contains($0.split) }, title: "the \(part.rawValue) part")
    guard PatientRecognition.canMeasure(set.records) else {
      throw MeasurementError.tooFewRepeatedPatients(path: set.title, minimum: PatientRecognition.patientMinimum)
    }
    let training = try DatasetImages(
      dataset, records: records.filter { $0.split == .train }, title: "the training part")
    let calibration = try CalibrationImages(
      dataset, avoiding: part, source: source, minimum: PatientRecognition.calibrationMinimum)
    notes = try TrainingRecord.requireUnseen(
      by: [path], set.records + calibration.images.records, all: dataset.records(matching: .everything))
    try training.require(1)
    let training_MD = try network.embeddings(of: training)
    threshold = try PatientRecognition.threshold(
      PatientRecognition.greatest(network.embeddings(of: calibration.images), training_MD))
    let power = try PatientRecognition(
      embedding_ND: network.embeddings(of: set), records: set.records, threshold: threshold, seed: seed)
    hash = network.hash
    images = set.count
    patients = Set(set.records.map(\.patient)).count
    (samePatientPairs, otherPatientPairs) = (power.samePatient, power.otherPatient)
    (auroc, ci95) = (power.area.value, [power.area.lower, power.area.upper])
    repeatedImages = power.repeated
    (recognised, recognisedCI95) = (power.recognised.value, [power.recognised.lower, power.recognised.upper])
  }
}
