import Foundation
import RadiographData
import Support

/// How well a classifier of labels does on radiographs that it has not seen.
public struct ClassifierMeasurement: Sendable {
  /// What is measured of one label.
  public struct Row: Sendable, Encodable, Equatable {
    public var label: String
    /// Images of which it is known whether they have the label.
    public var n: Int
    public var positives: Int
    /// The area under the receiver operating characteristic.
    public var auroc: Double
    /// 95 % of ``resamples`` draws of patients lie in it.
    public var ci95: [Double]
    public var averagePrecision: Double
    /// The mean distance of probability and frequency, in ten bins; large for a classifier that was trained with labels
    /// balanced.
    public var calibrationError: Double

    enum CodingKeys: String, CodingKey {
      case label, n, positives, auroc, ci95
      case averagePrecision = "average_precision"
      case calibrationError = "calibration_error"
    }
  }

  /// How often patients are drawn again for an interval.
  public static let resamples = 300

  /// SHA-256 of the classifier's weights.
  public let hash: String
  public let images: Int
  public let patients: Int
  public let rows: [Row]
  /// What is measured of each corruption among the classifier's labels.
  public let corruptions: [CorruptionRow]
  /// What a reader of the figures has to know.
  public let notes: [String]
  /// Of findings that people marked on one side, or in the upper or the lower third, the number and the share of which
  /// the place is seen; nil if there are none.
  public private(set) var sides: Share?
  public private(set) var lobes: Share?

  public struct Share: Sendable, Encodable, Equatable {
    public var n: Int
    public var share: Double

    init?(_ answers: [Bool]) {
      guard !answers.isEmpty else { return nil }
      n = answers.count
      share = Double(answers.count { $0 }) / Double(answers.count)
    }
  }

  /// - Parameters:
  ///   - path: A classifier of `thorax train classifier`.
  ///   - part: The part of the dataset that it is measured on. Labels that all or none of it have are left out.
  ///   - source: Only images of this source; nil for all.
  /// - Throws: What reading the file throws; ``MeasurementError/noLabels(path:wanted:)`` if no label can be measured;
  ///   ``MeasurementError/trainedOn(model:images:patients:names:)`` if its training saw patients who are measured;
  ///   ``MeasurementError/unknownSource(_:known:)``, `DatasetError`, `TorchError`.
  public init(path: String, dataset: RadiographDataset, part: HeldOutPart, source: String? = nil, seed: UInt64) throws {
    let judge = try OwnExtractor(contentsOf: path)
    let all = try dataset.records(ofSource: source)
    let records = all.filter { part.contains($0.split) }
    notes = try TrainingRecord.requireUnseen(by: [path], records, all: dataset.records(matching: .everything))
    let set = try DatasetImages(dataset, records: records, title: "the \(part.rawValue) part")
    let odds = try judge.odds(of: set)
    var rows: [Row] = []
    for (column, label) in judge.labels.enumerated() {
      let truths = records.map { record in
        ImageTrait(rawValue: label).map { $0.holds(for: record.attributes) }
          ?? record.attributes.state(of: label).flatMap { $0 == .uncertain ? nil : $0 == .positive }
      }
      let known = truths.indices.filter { truths[$0] != nil }
      guard
        let examples = try? ScoredLabels(
          scores: known.map { odds[$0][column] }, labels: known.map { truths[$0] == true }),
        Set(examples.labels).count == 2
      else { continue }
      let area = try Bootstrap.estimate(
        groups: known.map { records[$0].patient }, resamples: Self.resamples, seed: seed
      ) { indices in
        try RankingMetrics.areaUnderROC(examples.selecting(indices))
      }
      let probabilities = try ScoredLabels(
        scores: examples.scores.map { 1 / (1 + exp(-$0)) }, labels: examples.labels)
      rows.append(
        Row(
          label: label, n: examples.count, positives: examples.labels.count { $0 }, auroc: area.value,
          ci95: [area.lower, area.upper], averagePrecision: try RankingMetrics.averagePrecision(examples),
          calibrationError: try Calibration(probabilities).expectedError))
    }
    corruptions =
      try AnatomyJudge(judge).map { anatomy in
        let validation = all.filter { $0.split == .validation }
        return try anatomy.rows(
          of: set,
          validation: DatasetImages(dataset, records: validation, title: "the validation part"),
          resamples: Self.resamples, seed: seed)
      } ?? []
    guard !rows.isEmpty || !corruptions.isEmpty else {
      throw MeasurementError.noLabels(path: set.title, wanted: "the classifier")
    }
    self.rows = rows
    hash = judge.hash
    images = set.count
    patients = Set(records.map(\.patient)).count
    let normal = records.filter { $0.attributes.state(of: NIHLabels.noFinding) == .positive }
    if !rows.isEmpty, normal.count >= JudgedLabel.minimum {
      let places = try PlaceJudge(judge, path: path, normal: set.selecting(normal))
      let found = try places.agreement(with: set, labels: AskedFinding.all.filter(\.hasSide).map(\.label))
      (sides, lobes) = (Share(found.sides), Share(found.lobes))
    }
  }
}

extension ClassifierMeasurement: Encodable {}
