import RadiographData
import Support

/// Classifiers on the same test images: how well each tells each finding, and by how much one differs from another.
///
/// Areas are means over the trainings of an arm, which differ in their seed. Intervals are of drawing the test patients
/// again, the same patients for all classifiers, so that a difference is paired: 95 % of the draws lie in it. They say
/// nothing of how a training varies with its seed; ``UtilityReport/Figure/seeds`` has the value of each.
public struct UtilityComparison: Sendable {
  /// How often patients are drawn again.
  public static let resamples = 300

  /// What the classifiers of one arm give the test images.
  public struct Scores: Sendable {
    public var arm: UtilityArm
    /// By training, image and label: log odds, or anything that is higher where the finding is likelier.
    public var values: [[[Double]]]

    public init(_ arm: UtilityArm, _ values: [[[Double]]]) {
      self.arm = arm
      self.values = values
    }
  }

  private let labels: [String]
  private let patients: [String]
  /// By label and image; nil where nothing is known.
  private let truths: [[Bool?]]

  /// - Parameter truths: By label and image; nil where nothing is known.
  public init(labels: [String], patients: [String], truths: [[Bool?]]) {
    (self.labels, self.patients, self.truths) = (labels, patients, truths)
  }

  /// The test images of a plan.
  public init(_ plan: UtilityPlan) {
    let records = plan.parts.test.records
    self.init(
      labels: plan.labels, patients: records.map(\.patient),
      truths: plan.labels.map { label in records.map { UtilityParts.truth(label, $0.attributes.state(of:)) } })
  }

  /// A row for each label, and one of the means over labels.
  ///
  /// - Parameter scores: Of each arm; arms whose reference is among them are compared with it.
  /// - Throws: `MetricError.singleClass` for a label that all or none of the images have; `MetricError.countMismatch` for
  ///   other numbers of images or labels.
  public func rows(_ scores: [Scores], seed: UInt64) throws -> (labels: [UtilityReport.Row], mean: UtilityReport.Row) {
    for training in scores.flatMap(\.values) {
      guard training.count == patients.count else {
        throw MetricError.countMismatch(what: "scored images", expected: patients.count, found: training.count)
      }
      if let other = training.first(where: { $0.count != labels.count }) {
        throw MetricError.countMismatch(what: "scores of an image", expected: labels.count, found: other.count)
      }
    }
    let pairs = scores.indices.compactMap { place in
      scores.firstIndex { $0.arm == scores[place].arm.reference }.map { (place, $0) }
    }
    let all = Array(patients.indices)
    let trainings = try scores.map { arm in try arm.values.map { try measures(of: $0, at: all) } }
    for (label, values) in labels.indices.map({ ($0, truths[$0].compactMap { $0 }) }) where Set(values).count < 2 {
      throw MetricError.singleClass(
        what: "\(labels[label]) \(values.first == true ? "positive" : "negative")", count: values.count)
    }
    let estimates = try Bootstrap.estimates(groups: patients, resamples: Self.resamples, seed: seed) { indices in
      let means = try scores.map { arm in Self.mean(try arm.values.map { try measures(of: $0, at: indices) }) }
      return means.flatMap { $0 } + pairs.flatMap { pair in zip(means[pair.0], means[pair.1]).map { $0 - $1 } }
    }

    // Each arm and each pair has two values a label, and two of the mean.
    let width = 2 * (labels.count + 1)
    func row(_ place: Int, _ label: String, known: [Bool]) -> UtilityReport.Row {
      func figure(_ block: Int, _ measure: Int, seeds: [Double]?) -> UtilityReport.Figure {
        UtilityReport.Figure(estimates[block * width + 2 * place + measure], n: known.count, seeds: seeds)
      }
      func seeds(_ arm: Int, _ measure: Int) -> [Double] { trainings[arm].map { $0[2 * place + measure] } }
      return UtilityReport.Row(
        label: label, n: known.count, positives: known.count { $0 },
        arms: scores.indices.map { arm in
          UtilityReport.Measured(
            arm: scores[arm].arm.name, less: nil, auroc: figure(arm, 0, seeds: seeds(arm, 0)),
            averagePrecision: figure(arm, 1, seeds: seeds(arm, 1)))
        },
        differences: pairs.enumerated().map { number, pair in
          let block = scores.count + number
          return UtilityReport.Measured(
            arm: scores[pair.0].arm.name, less: scores[pair.1].arm.name, auroc: figure(block, 0, seeds: nil),
            averagePrecision: figure(block, 1, seeds: nil))
        })
    }
    let rows = labels.enumerated().map { row($0, $1, known: truths[$0].compactMap { $0 }) }
    let anyKnown = patients.indices.filter { image in truths.contains { $0[image] != nil } }
    return (
      rows,
      row(
        labels.count, "mean of the findings",
        known: anyKnown.map { image in truths.contains { $0[image] == true } })
    )
  }

  /// Area and average precision of each label, then their means over labels; NaN for a label that is of one class.
  private func measures(of scores: [[Double]], at indices: [Int]) throws -> [Double] {
    var values: [Double] = []
    for label in labels.indices {
      let known = indices.filter { truths[label][$0] != nil }
      let found = known.map { truths[label][$0] == true }
      let own = known.map { scores[$0][label] }
      values += [
        RankingMetrics.areaUnderROC(own, found) ?? .nan,
        found.contains(false) ? RankingMetrics.averagePrecision(own, found) ?? .nan : .nan,
      ]
    }
    return values
      + [0, 1].map { measure in
        stride(from: measure, to: values.count, by: 2).reduce(0) { $0 + values[$1] } / Double(labels.count)
      }
  }

  /// The means of several lists of one length.
  private static func mean(_ lists: [[Double]]) -> [Double] {
    guard let first = lists.first else { return [] }
    return first.indices.map { place in lists.reduce(0) { $0 + $1[place] } / Double(lists.count) }
  }
}

extension OwnExtractor {
  /// Log odds of some labels on each image of a set.
  ///
  /// - Throws: ``MeasurementError/noLabels(path:wanted:)`` for a label that the classifier does not have; what reading
  ///   throws; `TorchError`.
  public func odds(of set: any ImageSet, labels wanted: [String]) throws -> [[Double]] {
    let columns = try wanted.map { label in
      guard let column = labels.firstIndex(of: label) else {
        throw MeasurementError.noLabels(path: "the classifier", wanted: label)
      }
      return column
    }
    return try odds(of: set).map { row in columns.map { row[$0] } }
  }
}
