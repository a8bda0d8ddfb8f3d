import RadiographData
import Support
import Torch

// N images, M images compared with, D embedding width

/// A network that recognises patients, of `thorax train reidentifier`.
public struct ReidentifierChoice: Sendable {
  public var path: String
  /// Whether it was named: where a dataset has too few images for its threshold, that is an error, and otherwise a remark of
  /// the report.
  public var isRequired: Bool

  public init(path: String, isRequired: Bool = true) {
    self.path = path
    self.isRequired = isRequired
  }
}

/// Whether samples show patients of the training part: a network that recognises patients compares each sample with every
/// training image (Packhäuser et al., Scientific Reports 12, 2022).
///
/// A sample matches if its greatest similarity to a training image is above that of all but 1 % of the images of patients
/// who are not in the training part. What the network is worth stands beside it: the area under its curve on pairs of
/// held-out images, and how often a second image of a held-out patient is recognised at the same threshold.
struct ReidentificationMeasurement: SetMeasurement {
  let title: String
  private let path: String
  private let calibration: CalibrationImages
  /// Whether the network says which images it was trained on.
  private let hasRecord: Bool
  private let note: @Sendable (String) -> Void

  /// - Parameters:
  ///   - path: The network, of `thorax train reidentifier`.
  ///   - dataset: Whose parts outside of training set the threshold.
  ///   - part: A part that is measured on and so does not set the threshold, if enough images remain.
  ///   - source: Only images of this source; nil for all.
  ///   - note: Called with a line about each set.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``,
  ///   ``MeasurementError/trainedOn(model:images:patients:names:)`` if the network was trained on patients who are measured
  ///   or set the threshold; `DatasetError`.
  init(
    _ path: String, dataset: RadiographDataset, avoiding part: HeldOutPart, source: String? = nil,
    note: @escaping @Sendable (String) -> Void
  ) throws {
    title = "re-identification by \(path.onOneLine(limit: 120))"
    (self.path, self.note) = (path, note)
    calibration = try CalibrationImages(
      dataset, avoiding: part, source: source, minimum: PatientRecognition.calibrationMinimum)
    hasRecord = try calibration.requireUnseen(by: path, part: part, source: source, of: dataset)
  }

  /// The measurement by a network, if there is one that can measure.
  ///
  /// - Parameters:
  ///   - remarks: Gets the reason where a network that was not named cannot.
  /// - Throws: As ``init(_:dataset:avoiding:source:note:)``.
  static func measurement(
    _ choice: ReidentifierChoice?, dataset: RadiographDataset, avoiding part: HeldOutPart, source: String? = nil,
    remarks: inout [String], note: @escaping @Sendable (String) -> Void
  ) throws -> ReidentificationMeasurement? {
    guard let choice else { return nil }
    do {
      return try ReidentificationMeasurement(
        choice.path, dataset: dataset, avoiding: part, source: source, note: note)
    } catch let error as MeasurementError {
      guard case .tooFewInSet(_, let found, let minimum) = error, !choice.isRequired else { throw error }
      let text =
        "Whether samples show patients of the training part is not measured: \(found) images of patients outside of training "
        + "set no threshold, \(minimum) do."
      note(text)
      remarks.append(text)
      return nil
    }
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let network = try ReidentifierExtractor(contentsOf: path)
    func embeddings(_ set: any ImageSet) throws -> Tensor {
      note("recognising \(set.count) images: \(set.title.onOneLine(limit: 80))")
      return try network.embeddings(of: set)
    }
    let training_MD = try embeddings(compared.training)
    func greatest(_ embedding_ND: Tensor) throws -> [Double] {
      try PatientRecognition.greatest(embedding_ND, training_MD)
    }
    let heldOut_ND = try embeddings(compared.heldOut)
    let samples_ND = try embeddings(compared.samples)
    let samples = try greatest(samples_ND)
    let real = try greatest(heldOut_ND)
    let threshold = try PatientRecognition.threshold(greatest(embeddings(calibration.images)))
    let how =
      "\(network.name) \(network.hash.prefix(12)), \(network.preprocessing); the greatest cosine to any of "
      + "\(compared.training.count) training images"
      + (hasRecord ? "" : "; which patients the network was trained on is not known")
    func share(_ values: [Double]) -> Double { Double(values.count { $0 > threshold }) / Double(max(values.count, 1)) }
    func figure(_ name: String, real: Double, how: String, _ value: ([Double]) -> Double) throws -> MeasuredFigure {
      MeasuredFigure(
        name,
        try Bootstrap.estimate(count: samples.count, seed: compared.seed) { indices in
          value(indices.map { samples[$0] })
        }, real: real, how: how)
    }
    return [
      try figure(
        "samples of a training patient, re-identification", real: share(real),
        how: "share of the samples above \(MeasuredFigure.text(threshold)), which "
          + "\(MeasuredFigure.text(PatientRecognition.falseMatches)) of "
          + "\(calibration.text) are above; real: of \(compared.heldOut.count) "
          + "held-out images: \(how)", share),
      try figure(
        "similarity to the nearest training patient, re-identification", real: real.median,
        how: "median over samples; real: over held-out images: \(how)"
      ) { $0.median },
    ]
      + (try powerFigures(
        compared, heldOut_ND, threshold: threshold, how: "\(network.name) \(network.hash.prefix(12))"))
      + (try benchmarkFigures(compared, samples_ND, training_MD, heldOut_ND, network))
  }

  /// CheXGenBench's score, of the samples of a prompt and the training image that has its text.
  private func benchmarkFigures(
    _ compared: ComparedImages, _ samples_ND: Tensor, _ training_MD: Tensor, _ heldOut_ND: Tensor,
    _ network: ReidentifierExtractor
  ) throws -> [MeasuredFigure] {
    func cosine(_ one: Tensor, _ other: Tensor) throws -> Double { try (one * other).sum().item() }
    func row(_ set_ND: Tensor, _ place: Int) throws -> Tensor { try set_ND.select(dim: 0, index: place) }
    return try BenchmarkPairs(compared).scoreFigures(
      network.name,
      how:
        "the cosine of embeddings by \(network.name) \(network.hash.prefix(12)), -1 to 1, where its own network has a "
        + "probability, \(network.preprocessing)",
      samples: { try cosine(row(training_MD, $0), row(samples_ND, $1)) },
      real: { try cosine(row(training_MD, $0), row(heldOut_ND, $1)) })
  }

  /// What the network is worth on patients whom training never saw.
  private func powerFigures(
    _ compared: ComparedImages, _ heldOut_ND: Tensor, threshold: Double, how: String
  ) throws -> [MeasuredFigure] {
    guard PatientRecognition.canMeasure(compared.heldOut.records) else { return [] }
    let power = try PatientRecognition(
      embedding_ND: heldOut_ND, records: compared.heldOut.records, threshold: threshold, seed: compared.seed)
    return [
      MeasuredFigure(
        "AUROC, re-identification", power.area,
        how: "held-out images: \(power.samePatient) pairs of one patient against \(power.otherPatient) of two of "
          + "the same source, interval by patient: \(how)"),
      MeasuredFigure(
        "patients recognised, re-identification", power.recognised,
        how: "share of \(power.repeated) held-out images that another image of their patient matches at the same "
          + "threshold: \(how)"),
    ]
  }
}
