import Foundation
import Support

/// A value with the interval in which it would fall again.
public struct Estimate: Sendable, Equatable, Codable {
  public let value: Double
  public let lower: Double
  public let upper: Double
  /// How many items it was computed from.
  public let count: Int

  /// From ``lower`` to ``upper``; nil where they are one, as those of a single item are: that says nothing.
  var interval: ClosedRange<Double>? { lower < upper ? lower...upper : nil }

  public init(value: Double, lower: Double, upper: Double, count: Int) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.count = count
  }
}

/// Confidence intervals by drawing the items again, with replacement (Efron, Annals of Statistics 7, 1979; the
/// percentile method).
///
/// Images of one patient are alike: where patients have several, whole patients are drawn (Field and Welsh, Journal of the
/// Royal Statistical Society B 69, 2007), or the interval is too narrow. The interval is that of the drawn values, also
/// where drawing again shifts them: a set with repeated images is less diverse, so that distances of sets come out
/// higher, and the value may lie below its interval unless it is centred.
public enum Bootstrap {
  /// The interval of a statistic of items that have nothing to do with one another.
  ///
  /// - Parameters:
  ///   - count: how many items there are.
  ///   - resamples: how often they are drawn again.
  ///   - confidence: the part of the drawn values that lies in the interval.
  ///   - seed: the same seed draws the same items.
  ///   - statistic: the value of the items at these indices.
  /// - Throws: `MetricError` for no items and settings out of range, and whatever `statistic` throws.
  public static func estimate(
    count: Int, resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64,
    statistic: (_ indices: [Int]) throws -> Double
  ) throws -> Estimate {
    try estimate(
      [(0..<count).map { [$0] }], resamples: resamples, confidence: confidence, seed: seed
    ) { try statistic($0[0]) }
  }

  /// The interval of a statistic of items in groups, which are drawn whole.
  ///
  /// - Parameters:
  ///   - groups: the group of each item, such as its patient.
  ///   - resamples: how often as many groups as there are are drawn.
  ///   - confidence: the part of the drawn values that lies in the interval.
  ///   - isCentred: as for two samples.
  ///   - seed: the same seed draws the same groups.
  ///   - statistic: the value of the items at these indices.
  /// - Throws: `MetricError` for no items and settings out of range, and whatever `statistic` throws; but resamples in
  ///   which all labels are of one class are left out, if at least half of them remain.
  public static func estimate<Group: Hashable>(
    groups: [Group], resamples: Int = 1000, confidence: Double = 0.95, isCentred: Bool = false, seed: UInt64,
    statistic: (_ indices: [Int]) throws -> Double
  ) throws -> Estimate {
    try estimate(
      [clusters(groups)], resamples: resamples, confidence: confidence, isCentred: isCentred, seed: seed
    ) { try statistic($0[0]) }
  }

  /// The interval of a statistic of two samples, such as the distance of real and generated images; both are drawn.
  ///
  /// - Parameters:
  ///   - first: the group of each item of the first sample, such as its patient.
  ///   - second: that of each item of the second; generated images of different prompts are groups of one.
  ///   - resamples: how often both are drawn.
  ///   - confidence: the part of the drawn values that lies in the interval.
  ///   - isCentred: whether the interval is moved by as much as the drawn values lie from the value on average: a
  ///     repeated item makes sets less diverse, so that distances of drawn sets are greater than those of the sets.
  ///   - seed: the same seed draws the same groups.
  ///   - statistic: the value of the first sample's items and the second's at these indices.
  /// - Returns: an estimate whose count is that of the smaller sample's items.
  /// - Throws: as for one sample.
  public static func estimate<First: Hashable, Second: Hashable>(
    groups first: [First], and second: [Second], resamples: Int = 1000, confidence: Double = 0.95,
    isCentred: Bool = false, seed: UInt64,
    statistic: (_ first: [Int], _ second: [Int]) throws -> Double
  ) throws -> Estimate {
    try estimate(
      [clusters(first), clusters(second)], resamples: resamples, confidence: confidence, isCentred: isCentred,
      seed: seed
    ) { try statistic($0[0], $0[1]) }
  }

  /// The interval of a mean.
  ///
  /// A share of none or of all is the same however it is drawn again: its interval is that of Clopper and Pearson.
  ///
  /// - Throws: ``MetricError`` for no values.
  public static func mean(
    _ values: [Double], resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64
  ) throws -> Estimate {
    try mean(
      values, groups: Array(values.indices), resamples: resamples, confidence: confidence, seed: seed)
  }

  /// The interval of a share of none or of all of some items (Clopper and Pearson, Biometrika 26, 1934).
  ///
  /// - Parameter independent: Of how many the answers have nothing to do with one another.
  private static func extreme(_ share: Double, of count: Int, independent: Int, confidence: Double) -> Estimate {
    let bound = pow((1 - confidence) / 2, 1 / Double(independent))
    return share == 0
      ? Estimate(value: 0, lower: 0, upper: 1 - bound, count: count)
      : Estimate(value: 1, lower: bound, upper: 1, count: count)
  }

  /// The interval of a mean of values in groups.
  ///
  /// - Throws: ``MetricError`` for no values, or other numbers of values than groups.
  public static func mean<Group: Hashable>(
    _ values: [Double], groups: [Group], resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64
  ) throws -> Estimate {
    guard values.count == groups.count else {
      throw MetricError.countMismatch(what: "groups of values", expected: values.count, found: groups.count)
    }
    try require(resamples: resamples, confidence: confidence)
    if let first = values.first, first == 0 || first == 1, values.allSatisfy({ $0 == first }) {
      return extreme(first, of: values.count, independent: Set(groups).count, confidence: confidence)
    }
    return try estimate(groups: groups, resamples: resamples, confidence: confidence, seed: seed) { indices in
      indices.reduce(0) { $0 + values[$1] } / Double(indices.count)
    }
  }

  private static func require(resamples: Int, confidence: Double) throws(MetricError) {
    guard resamples >= 2 else { throw .tooFew(what: "resamples", found: resamples, minimum: 2) }
    guard confidence > 0, confidence < 1 else {
      throw .invalidSetting(name: "confidence", value: confidence, allowed: "a value between 0 and 1")
    }
  }

  /// The indices of the items of each group, in the order in which the groups appear.
  private static func clusters<Group: Hashable>(_ groups: [Group]) -> [[Int]] {
    var places: [Group: Int] = [:]
    var clusters: [[Int]] = []
    for (index, group) in groups.enumerated() {
      if let place = places[group] {
        clusters[place].append(index)
      } else {
        places[group] = clusters.count
        clusters.append([index])
      }
    }
    return clusters
  }

  /// The intervals of several statistics of the same draws, so that a difference among them is a paired one: two
  /// classifiers on the same patients differ by less than each varies with the patients.
  ///
  /// - Parameters:
  ///   - groups: the group of each item, such as its patient.
  ///   - resamples: how often as many groups as there are are drawn.
  ///   - confidence: the part of the drawn values that lies in an interval.
  ///   - seed: the same seed draws the same groups.
  ///   - statistics: the values of the items at these indices, the same number at every call; NaN for one that a draw
  ///     says nothing of.
  /// - Returns: an estimate for each statistic, in their order.
  /// - Throws: as for one statistic.
  public static func estimates<Group: Hashable>(
    groups: [Group], resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64,
    statistics: (_ indices: [Int]) throws -> [Double]
  ) throws -> [Estimate] {
    try estimates([clusters(groups)], resamples: resamples, confidence: confidence, seed: seed) {
      try statistics($0[0])
    }
  }

  private static func estimate(
    _ samples: [[[Int]]], resamples: Int, confidence: Double, isCentred: Bool = false, seed: UInt64,
    statistic: ([[Int]]) throws -> Double
  ) throws -> Estimate {
    try estimates(samples, resamples: resamples, confidence: confidence, isCentred: isCentred, seed: seed) {
      [try statistic($0)]
    }[0]
  }

  /// - Parameter samples: the clusters of each sample.
  private static func estimates(
    _ samples: [[[Int]]], resamples: Int, confidence: Double, isCentred: Bool = false, seed: UInt64,
    statistics: ([[Int]]) throws -> [Double]
  ) throws -> [Estimate] {
    for sample in samples where sample.isEmpty { throw MetricError.tooFew(what: "items", found: 0, minimum: 1) }
    try require(resamples: resamples, confidence: confidence)
    let values = try statistics(samples.map { sample in (0..<sample.reduce(0) { $0 + $1.count }).map { $0 } })
    var random = SplitMix64(seed: seed)
    var drawn: [[Double]] = []
    var refusal: MetricError?
    for _ in 0..<resamples {
      let indices = samples.map { clusters in clusters.flatMap { _ in clusters[random.next(below: clusters.count)] } }
      do {
        drawn.append(try statistics(indices))
      } catch let error as MetricError {
        guard case .singleClass = error else { throw error }
        refusal = error
      }
    }
    if let refusal, 2 * drawn.count < resamples { throw refusal }
    let count = samples.map { $0.reduce(0) { $0 + $1.count } }.min() ?? 0
    let tail = (1 - confidence) / 2
    return values.enumerated().map { place, value in
      // Where a draw has no value, as precision has none where nothing is called positive, it says nothing of the
      // interval.
      let known = drawn.map { $0[place] }.filter { !$0.isNaN }.sorted()
      let shift = isCentred ? value - known.reduce(0, +) / Double(max(known.count, 1)) : 0
      return Estimate(
        value: value, lower: known.quantile(ofSorted: tail) + shift, upper: known.quantile(ofSorted: 1 - tail) + shift,
        count: count)
    }
  }
}
