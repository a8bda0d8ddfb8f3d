import Support
import Testing

@testable import Evaluation

@Suite("Metrics of labels")
struct LabelMetricTests {
  private let expected: MetricReference.Labels

  init() throws { expected = try MetricReference.load().labels }

  @Test("ranking, confusion and calibration agree with scikit-learn, where scores are equal too")
  func parity() throws {
    for (examples, wanted) in [
      (try MetricInputs.labelled(seed: 51, count: 200, levels: 10), expected.ties),
      (try MetricInputs.labelled(seed: 52, count: 333, levels: 4096), expected.fine),
    ] {
      expectEqual([try RankingMetrics.areaUnderROC(examples)], [wanted.auroc], within: 1e-12)
      expectEqual([try RankingMetrics.averagePrecision(examples)], [wanted.averagePrecision], within: 1e-12)
      let confusion = ConfusionMetrics(examples, threshold: 0.6)
      expectEqual(
        [confusion.precision, confusion.recall, confusion.f1, confusion.kappa].map { $0 ?? .nan },
        [wanted.precision, wanted.recall, wanted.f1, wanted.kappa], within: 1e-12)
      let calibration = try Calibration(examples)
      #expect(calibration.bins.map(\.count) == wanted.counts)
      expectEqual(calibration.bins.map(\.observed), wanted.observed, within: 1e-12)
      expectEqual(calibration.bins.map(\.predicted), wanted.predicted, within: 1e-12)
      expectEqual(
        [calibration.brierScore, calibration.expectedError], [wanted.brier, wanted.expectedError], within: 1e-12)
      let largest = zip(wanted.observed, wanted.predicted).map { abs($0 - $1) }.max() ?? 0
      expectEqual([calibration.maximumError], [largest], within: 1e-12)
    }
  }

  @Test("calls without scores are counted as those of a threshold are")
  func calls() {
    let calls = [(true, true), (true, false), (false, true), (true, true), (false, false)]
    let confusion = ConfusionMetrics(calls.map { (label: $0.0, call: $0.1) })
    #expect(confusion.truePositives == 2 && confusion.falsePositives == 1)
    #expect(confusion.trueNegatives == 1 && confusion.falseNegatives == 1)
    #expect(confusion.precision == 2.0 / 3 && confusion.recall == 2.0 / 3 && confusion.f1 == 2.0 / 3)
    #expect(ConfusionMetrics([]).f1 == nil)
  }

  @Test("kappa of two readers of four classes agrees with scikit-learn")
  func readers() throws {
    var random = SplitMix64(seed: 53)
    let first = (0..<150).map { _ in random.next(below: 4) }
    let second = first.map { random.next(below: 3) > 0 ? $0 : random.next(below: 4) }
    expectEqual([try #require(try ConfusionMetrics.kappa(first, second))], [expected.readers], within: 1e-12)
    #expect(try ConfusionMetrics.kappa(first, first) == 1)
    #expect(try ConfusionMetrics.kappa(["a", "a"], ["a", "a"]) == nil)
    #expect(throws: MetricError.countMismatch(what: "calls of the second reader", expected: 1, found: 0)) {
      try ConfusionMetrics.kappa([1], [])
    }
    #expect(throws: MetricError.tooFew(what: "calls", found: 0, minimum: 1)) {
      try ConfusionMetrics.kappa([Int](), [])
    }
  }

  @Test("the threshold itself is positive, and a measure without a denominator is nil")
  func confusion() throws {
    let examples = try ScoredLabels(scores: [0.2, 0.5, 0.7, 0.1], labels: [false, true, false, true])
    let confusion = ConfusionMetrics(examples)
    #expect(confusion.truePositives == 1 && confusion.falsePositives == 1)
    #expect(confusion.trueNegatives == 1 && confusion.falseNegatives == 1)
    #expect(confusion.accuracy == 0.5 && confusion.specificity == 0.5 && confusion.kappa == 0)
    let none = try ConfusionMetrics(ScoredLabels(scores: [0.1, 0.2], labels: [false, false]))
    #expect(none.precision == nil && none.recall == nil && none.f1 == nil && none.kappa == nil)
    #expect(none.specificity == 1 && none.accuracy == 1)
    let missed = try ConfusionMetrics(ScoredLabels(scores: [0.1, 0.2], labels: [true, false]))
    #expect(missed.precision == nil && missed.recall == 0 && missed.f1 == 0 && missed.kappa == 0)
  }

  @Test("labels that are missing, of one class or beside other scores are refused")
  func labelErrors() throws {
    let labels: [Bool?] = [true, nil, false, nil]
    let error = #expect(throws: MetricError.missingLabels(count: 2, total: 4)) {
      try ScoredLabels(scores: [1, 2, 0, 4], labels: labels, missing: .refused)
    }
    #expect(error?.description == "2 of 4 labels are missing: leave out what has no label")
    let kept = try ScoredLabels(scores: [1, 2, 0, 4], labels: labels, missing: .leftOut)
    #expect(kept.scores == [1, 0] && kept.labels == [true, false])
    #expect(throws: MetricError.tooFew(what: "labelled examples", found: 0, minimum: 1)) {
      try ScoredLabels(scores: [1], labels: [nil], missing: .leftOut)
    }
    #expect(throws: MetricError.countMismatch(what: "scores", expected: 1, found: 2)) {
      try ScoredLabels(scores: [1, 2], labels: [true])
    }
    #expect(throws: MetricError.notFinite(what: "the scores")) {
      try ScoredLabels(scores: [.nan], labels: [true])
    }
    let positive = try ScoredLabels(scores: [1, 2], labels: [true, true])
    let negative = try ScoredLabels(scores: [1, 2], labels: [false, false])
    #expect(throws: MetricError.singleClass(what: "positive", count: 2)) {
      try RankingMetrics.areaUnderROC(positive)
    }
    #expect(throws: MetricError.singleClass(what: "negative", count: 2)) {
      try RankingMetrics.averagePrecision(negative)
    }
    #expect(try RankingMetrics.averagePrecision(positive) == 1)
    #expect(throws: MetricError.invalidSetting(name: "a probability", value: 2, allowed: "a value from 0 to 1")) {
      try Calibration(positive)
    }
    #expect(throws: MetricError.tooFew(what: "bins", found: 0, minimum: 1)) { try Calibration(positive, bins: 0) }
  }
}
