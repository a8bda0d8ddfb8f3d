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
  ///   - records: The images, in this order, of which ``canMeasure(_:)`` holds.
  init(embedding_ND: Tensor, records: [RadiographRecord], threshold: Double, seed: UInt64) throws {
    let pairs = PatientPairs(records.map(\.whose), seed: seed).pairs
    let same = pairs.filter(\.isSamePatient)
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

  /// Whether there are ``patientMinimum`` patients with two images among them.
  static func canMeasure(_ records: [RadiographRecord]) -> Bool {
    Dictionary(grouping: records, by: \.patient).values.count { $0.count > 1 } >= patientMinimum
  }

  /// What one in a hundred images of patients who are not in the training part exceed.
  ///
  /// - Parameter greatest: Of each the greatest cosine to a training image.
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
    try FeatureMemory().outputs(of: set, by: self).features.tensor()
  }
}
