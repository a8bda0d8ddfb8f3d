import RadiographData
import Support
import Torch

// N images, M images compared with, D embedding width

/// How well a network that recognises patients does on patients whom it has not seen.
struct PatientRecognition {
  /// The share of patients whom training never saw that are wrongly recognised.
  static let falseMatches = 0.01
  /// Fewer images cannot set a threshold that one in a hundred passes.
  static let calibrationMinimum = 100
  /// Fewer patients with two images say nothing.
  static let patientMinimum = 10

  /// Pairs of images of one patient, and of two patients of the same source.
  let samePatient: Int
  let otherPatient: Int
  /// The area under the curve of the cosine of a pair, interval by patient.
  let area: Estimate
  /// Images of patients who have another.
  let repeated: Int
  /// The share of them that another image of their patient matches above the threshold, interval by patient.
  let recognised: Estimate

  /// - Parameters:
  ///   - embedding_ND: Of each image, of length 1.
  ///   - records: The images, in this order.
  /// - Returns: nil for fewer than ``patientMinimum`` patients with two images.
  init?(embedding_ND: Tensor, records: [RadiographRecord], threshold: Double, seed: UInt64) throws {
    let pairs = PatientPairs(records.map(\.whose), seed: seed).pairs
    let same = pairs.filter(\.isSamePatient)
    guard Set(same.map { records[$0.first].patient }).count >= Self.patientMinimum else { return nil }
    (samePatient, otherPatient) = (same.count, pairs.count - same.count)
    func rows(_ places: [Int]) throws -> Tensor { try embedding_ND.indexSelect(dim: 0, index: Tensor(indices: places)) }
    let cosines = try (rows(pairs.map(\.first)) * rows(pairs.map(\.second))).sum(dim: [1]).doubles()
    area = try Bootstrap.estimate(
      groups: pairs.map { records[$0.first].patient }, resamples: 200, seed: seed
    ) { indices in
      try RankingMetrics.areaUnderROC(
        ScoredLabels(scores: indices.map { cosines[$0] }, labels: indices.map { pairs[$0].isSamePatient }))
    }
    // Of every image of a patient who has others the greatest similarity to one of those.
    let ofPatient = Dictionary(grouping: records.indices) { records[$0].patient }
    let images = same.map(\.first)
    let found = try images.map { image in
      let own = ofPatient[records[image].patient, default: []].filter { $0 != image }
      return try Self.greatest(rows([image]), rows(own)).contains { $0 > threshold } ? 1.0 : 0
    }
    repeated = images.count
    recognised = try Bootstrap.mean(found, groups: images.map { records[$0].patient }, seed: seed)
  }

  /// What one in a hundred of images that match nobody exceed.
  ///
  /// - Parameter greatest: Of each the greatest cosine to an image of somebody else.
  static func threshold(_ greatest: [Double]) -> Double { greatest.quantile(1 - falseMatches) }

  /// Of each row its greatest cosine to a row of others.
  static func greatest(_ embedding_ND: Tensor, _ other_MD: Tensor) throws -> [Double] {
    let other_DM = try other_MD.transpose(dim0: 0, dim1: 1)
    return try embedding_ND.blocks().flatMap { try $0.rows.matmul(other_DM).amax(dim: [1]).doubles() }
  }
}

extension ReidentifierExtractor {
  /// The embeddings of a set, `[N, D]` in float64.
  ///
  /// - Throws: What reading the images throws, `TorchError`, `CancellationError`.
  func embeddings(of set: any ImageSet) throws -> Tensor {
    var values: [Double] = []
    try forEachBatch(of: set) { batch in
      try Task.checkCancellation()
      values += batch.features.values
    }
    return try Tensor(values, shape: [set.count, width])
  }
}

/// What a network of `thorax train reidentifier` is worth on a part of a dataset.
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
  ///   threshold; `DatasetError`, `TorchError`.
  public init(path: String, dataset: RadiographDataset, part: HeldOutPart, source: String? = nil, seed: UInt64) throws {
    let network = try ReidentifierExtractor(contentsOf: path)
    let records = try dataset.records(matching: RecordFilter(source: source, requiresText: false))
    let set = try DatasetImages(
      dataset, records: records.filter { part.contains($0.split) }, title: "the \(part.rawValue) part")
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
    guard
      let power = try PatientRecognition(
        embedding_ND: network.embeddings(of: set), records: set.records, threshold: threshold, seed: seed)
    else {
      throw MeasurementError.tooFewRepeatedPatients(path: set.title, minimum: PatientRecognition.patientMinimum)
    }
    hash = network.hash
    images = set.count
    patients = Set(set.records.map(\.patient)).count
    (samePatientPairs, otherPatientPairs) = (power.samePatient, power.otherPatient)
    (auroc, ci95) = (power.area.value, [power.area.lower, power.area.upper])
    repeatedImages = power.repeated
    (recognised, recognisedCI95) = (power.recognised.value, [power.recognised.lower, power.recognised.upper])
  }
}
