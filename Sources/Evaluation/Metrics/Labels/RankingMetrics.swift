/// How well scores put positive examples before negative ones, whatever the threshold.
public enum RankingMetrics {
  /// The area under the receiver operating characteristic: the chance that a positive example scores higher than a
  /// negative one, where a tie counts half (Hanley and McNeil, Radiology 143, 1982).
  ///
  /// - Throws: ``MetricError/singleClass(what:count:)``.
  public static func areaUnderROC(_ examples: ScoredLabels) throws(MetricError) -> Double {
    let (positive, negative) = try examples.requireBothClasses()
    // In halves of pairs, so that the count is exact.
    var (above, halves) = (0, 0)
    for level in examples.levels() {
      halves += level.negative * (2 * above + level.positive)
      above += level.positive
    }
    return Double(halves) / 2 / Double(positive) / Double(negative)
  }

  /// The average precision, sum over thresholds of (R_n - R_(n-1)) P_n, without interpolation. A classifier that guesses
  /// has the share of positive examples, which differs between sets.
  ///
  /// - Throws: ``MetricError/singleClass(what:count:)`` if no example is positive; if all are, it is 1.
  public static func averagePrecision(_ examples: ScoredLabels) throws(MetricError) -> Double {
    let positive = examples.labels.count { $0 }
    guard positive > 0 else { throw .singleClass(what: "negative", count: examples.count) }
    var (sum, found, seen) = (0.0, 0, 0)
    for level in examples.levels() {
      found += level.positive
      seen += level.positive + level.negative
      sum += Double(level.positive) / Double(positive) * Double(found) / Double(seen)
    }
    return sum
  }
}
