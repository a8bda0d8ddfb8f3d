import Support

extension RankingMetrics {
  /// The area under the receiver operating characteristic: ``areaUnderROC(_:_:)``.
  ///
  /// - Throws: ``MetricError/singleClass(what:count:)``.
  public static func areaUnderROC(_ examples: ScoredLabels) throws(MetricError) -> Double {
    guard let area = areaUnderROC(examples.scores, examples.labels) else {
      throw .singleClass(what: examples.labels[0] ? "positive" : "negative", count: examples.count)
    }
    return area
  }

  /// The average precision: ``averagePrecision(_:_:)``.
  ///
  /// - Throws: ``MetricError/singleClass(what:count:)`` if no example is positive; if all are, it is 1.
  public static func averagePrecision(_ examples: ScoredLabels) throws(MetricError) -> Double {
    guard let precision = averagePrecision(examples.scores, examples.labels) else {
      throw .singleClass(what: "negative", count: examples.count)
    }
    return precision
  }
}
