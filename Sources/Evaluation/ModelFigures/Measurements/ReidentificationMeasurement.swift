import RadiographData
import Support
import Torch

// N images, M images compared with, D embedding width

/// Whether samples show patients of the training part: a network that recognises patients compares each sample with every
/// training image (Packhäuser et al., Scientific Reports 12, 2022).
///
/// A sample matches if its greatest similarity to a training image is above that of all but 1 % of the images of patients
/// who are not in the training part. What the network is worth stands beside it: the area under its curve on pairs of
/// held-out images, and how often a second image of a held-out patient is recognised at the same threshold.
struct ReidentificationMeasurement: SetMeasurement {
  /// The share of patients whom training never saw that are wrongly recognised.
  static let falseMatches = 0.01
  /// Fewer images cannot set a threshold that one in a hundred passes.
  static let calibrationMinimum = 100
  /// Fewer patients with two images say nothing.
  static let patientMinimum = 10

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
      dataset, avoiding: part, source: source, minimum: Self.calibrationMinimum)
    hasRecord = try calibration.requireUnseen(by: path, part: part, source: source, of: dataset)
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let network = try ReidentifierExtractor(contentsOf: path)
    func embeddings(_ set: any ImageSet) throws -> Tensor {
      note("recognising \(set.count) images: \(set.title.onOneLine(limit: 80))")
      var values: [Double] = []
      try network.forEachBatch(of: set) { batch in
        try Task.checkCancellation()
        values += batch.features.values
      }
      return try Tensor(values, shape: [set.count, network.width])
    }
    let training_MD = try embeddings(compared.training)
    func greatest(_ embedding_ND: Tensor) throws -> [Double] {
      try Self.similarities(embedding_ND, training_MD) { try $0.amax(dim: [1]).doubles() }
    }
    let heldOut_ND = try embeddings(compared.heldOut)
    let samples_ND = try embeddings(compared.samples)
    let samples = try greatest(samples_ND)
    let real = try greatest(heldOut_ND)
    let threshold = try greatest(embeddings(calibration.images)).quantile(1 - Self.falseMatches)
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
          + "\(MeasuredFigure.text(Self.falseMatches)) of "
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
    let records = compared.heldOut.records
    let pairs = PatientPairs(records.map(\.whose), seed: compared.seed).pairs
    let same = pairs.filter(\.isSamePatient)
    guard Set(same.map { records[$0.first].patient }).count >= Self.patientMinimum else { return [] }
    func rows(_ places: [Int]) throws -> Tensor { try heldOut_ND.indexSelect(dim: 0, index: Tensor(indices: places)) }
    let cosines = try (rows(pairs.map(\.first)) * rows(pairs.map(\.second))).sum(dim: [1]).doubles()
    let area = try Bootstrap.estimate(
      groups: pairs.map { records[$0.first].patient }, resamples: 200, seed: compared.seed
    ) { indices in
      try RankingMetrics.areaUnderROC(
        ScoredLabels(scores: indices.map { cosines[$0] }, labels: indices.map { pairs[$0].isSamePatient }))
    }
    // Of every image of a patient who has others the greatest similarity to one of those.
    let ofPatient = Dictionary(grouping: records.indices) { records[$0].patient }
    let repeated = same.map(\.first)
    let found = try repeated.map { image in
      let own = ofPatient[records[image].patient, default: []].filter { $0 != image }
      let greatest = try Self.similarities(rows([image]), rows(own)) { try $0.amax(dim: [1]).doubles() }
      return greatest.contains { $0 > threshold } ? 1.0 : 0
    }
    return [
      MeasuredFigure(
        "AUROC, re-identification", area,
        how: "held-out images: \(same.count) pairs of one patient against \(pairs.count - same.count) of two of "
          + "the same source, interval by patient: \(how)"),
      MeasuredFigure(
        "patients recognised, re-identification",
        try Bootstrap.mean(found, groups: repeated.map { records[$0].patient }, seed: compared.seed),
        how: "share of \(repeated.count) held-out images that another image of their patient matches at the same "
          + "threshold: \(how)"),
    ]
  }

  /// Something of each row of a table of cosines, a few hundred rows at a time.
  private static func similarities(
    _ first_ND: Tensor, _ second_MD: Tensor, _ value: (Tensor) throws -> [Double]
  ) throws -> [Double] {
    let second_DM = try second_MD.transpose(dim0: 0, dim1: 1)
    return try first_ND.blocks().flatMap { try value($0.rows.matmul(second_DM)) }
  }
}
