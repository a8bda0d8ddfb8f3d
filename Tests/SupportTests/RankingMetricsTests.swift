import Support
import Testing

@Suite("Metrics of rankings")
struct RankingMetricsTests {
  @Test("the area is the share of pairs in the right order, ties half")
  func area() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<20 {
      let scores = (0..<30).map { _ in Double(random.next(below: 12)) }
      let truths = (0..<30).map { _ in random.next(below: 3) == 0 }
      var (won, pairs) = (0.0, 0)
      for (one, isPositive) in zip(scores, truths) where isPositive {
        for (other, isPositive) in zip(scores, truths) where !isPositive {
          won += one > other ? 1 : one == other ? 0.5 : 0
          pairs += 1
        }
      }
      let found = RankingMetrics.areaUnderROC(scores, truths)
      #expect(pairs == 0 ? found == nil : abs((found ?? -1) - won / Double(pairs)) < 1e-12)
    }
    #expect(RankingMetrics.areaUnderROC([1, 2], [true, true]) == nil)
  }

  @Test("the average precision is scikit-learn's")
  func averagePrecision() {
    // sklearn.metrics.average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), the example of its documentation.
    let found = RankingMetrics.averagePrecision([0.1, 0.4, 0.35, 0.8], [false, false, true, true])
    #expect(abs((found ?? 0) - 0.8333333333333333) < 1e-12)
    // Equal scores are one threshold: all at once have the precision of the share.
    #expect(RankingMetrics.averagePrecision([1, 1, 1, 1], [true, false, false, false]) == 0.25)
    #expect(RankingMetrics.averagePrecision([1, 2], [false, false]) == nil)
  }
}
