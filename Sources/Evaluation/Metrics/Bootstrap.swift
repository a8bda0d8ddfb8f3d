import Support

/// A value with the interval in which it would fall again.
public struct Estimate: Sendable, Equatable, Codable {
  public let value: Double
  public let lower: Double
  public let upper: Double
  /// How many items it was computed from.
  public let count: Int

  public init(value: Double, lower: Double, upper: Double, count: Int) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.count = count
  }
}

/// Confidence intervals by drawing the items again, with replacement (Efron, Annals of Statistics 7, 1979; the
/// percentile method).
public enum Bootstrap {
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
    guard count > 0 else { throw MetricError.tooFew(what: "items", found: count, minimum: 1) }
    guard resamples >= 2 else { throw MetricError.tooFew(what: "resamples", found: resamples, minimum: 2) }
    guard confidence > 0, confidence < 1 else {
      throw MetricError.invalidSetting(name: "confidence", value: confidence, allowed: "a value between 0 and 1")
    }
    var random = SplitMix64(seed: seed)
    let drawn = try (0..<resamples).map { _ in
      try statistic((0..<count).map { _ in random.next(below: count) })
    }.sorted()
    let tail = (1 - confidence) / 2
    return Estimate(
      value: try statistic(Array(0..<count)), lower: quantile(tail, of: drawn), upper: quantile(1 - tail, of: drawn),
      count: count)
  }

  /// The interval of a mean.
  ///
  /// - Throws: ``MetricError`` for no values.
  public static func mean(
    _ values: [Double], resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64
  ) throws -> Estimate {
    try estimate(count: values.count, resamples: resamples, confidence: confidence, seed: seed) { indices in
      indices.reduce(0) { $0 + values[$1] } / Double(indices.count)
    }
  }

  /// Interpolated linearly between the two nearest, as numpy does.
  private static func quantile(_ fraction: Double, of sorted: [Double]) -> Double {
    let position = fraction * Double(sorted.count - 1)
    let below = Int(position)
    guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
  }
}
