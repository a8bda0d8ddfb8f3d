import Support
import TestBasics
import Testing

@testable import Evaluation

@Suite("Bootstrap")
struct BootstrapMetricTests {
  private let expected: MetricReference

  init() throws { expected = try MetricReference.load() }

  @Test("bootstrap agrees with numpy on the same draws")
  func bootstrapParity() throws {
    let features = try MetricInputs.features(seed: 3, rows: 120, columns: 12)
    let values = (0..<40).map { features.values[$0 * 12] }
    let estimate = try Bootstrap.mean(values, resamples: 200, confidence: 0.9, seed: 11)
    expectEqual([estimate.value, estimate.lower, estimate.upper], expected.bootstrap.items, within: 1e-12)
    #expect(estimate.count == 40)
  }

  @Test("the bootstrap interval of a mean covers it as often as it says", .slow, .tags(.slow))
  func coverage() throws {
    var random = SplitMix64(seed: 5)
    var covered = 0
    for trial in 0..<300 {
      let values = (0..<50).map { _ in Double(random.next() >> 11) * 0x1p-53 }
      let estimate = try Bootstrap.mean(values, resamples: 200, seed: UInt64(trial))
      if estimate.lower <= 0.5, 0.5 <= estimate.upper { covered += 1 }
    }
    // 95 % of 300 with five standard deviations, less the percentile method's known shortfall.
    #expect((260...300).contains(covered), "\(covered)")
  }

  // scipy.stats.binomtest(0, 40).proportion_ci(method="exact"): 0 to 0.0881; of 40 of 40: 0.9119 to 1.
  @Test("a share of none or of all has the exact interval, and of groups that of their number")
  func extremes() throws {
    let none = try Bootstrap.mean(Array(repeating: 0.0, count: 40), seed: 1)
    #expect(none.value == 0 && none.lower == 0 && abs(none.upper - 0.08810) < 1e-5 && none.count == 40)
    let all = try Bootstrap.mean(Array(repeating: 1.0, count: 40), seed: 1)
    #expect(all.value == 1 && abs(all.lower - 0.91190) < 1e-5 && all.upper == 1)
    let grouped = try Bootstrap.mean(Array(repeating: 0.0, count: 40), groups: (0..<40).map { $0 / 4 }, seed: 1)
    #expect(abs(grouped.upper - 0.30850) < 1e-5 && grouped.count == 40)
    #expect(try Bootstrap.mean([0.3], seed: 1).interval == nil)
  }

  @Test("bootstrap: what cannot be drawn is refused")
  func bootstrapErrors() {
    #expect(throws: MetricError.tooFew(what: "items", found: 0, minimum: 1)) { try Bootstrap.mean([], seed: 0) }
    #expect(throws: MetricError.tooFew(what: "resamples", found: 1, minimum: 2)) {
      try Bootstrap.mean([1], resamples: 1, seed: 0)
    }
    for confidence in [0, 1, -0.5, Double.nan] {
      // By its text, since nothing equals NaN.
      #expect {
        try Bootstrap.mean([1], confidence: confidence, seed: 0)
      } throws: {
        "\($0)" == "confidence is \(confidence): give a value between 0 and 1"
      }
    }
  }

  @Test("a centred interval lies about the value, as wide as that of percentiles")
  func centred() throws {
    let x = try MetricInputs.features(seed: 3, rows: 60, columns: 12)
    let y = try MetricInputs.features(seed: 4, rows: 50, columns: 12)
    func interval(isCentred: Bool) throws -> Estimate {
      try Bootstrap.estimate(
        groups: Array(0..<60), and: Array(0..<50), resamples: 100, isCentred: isCentred, seed: 2
      ) { try FrechetDistance.between(x.selecting($0), y.selecting($1)) }
    }
    let (plain, centred) = (try interval(isCentred: false), try interval(isCentred: true))
    // Repeated rows make the drawn sets less alike than the sets are.
    #expect((plain.lower + plain.upper) / 2 > plain.value * 1.1, "\(plain)")
    #expect(centred.lower < centred.value && centred.value < centred.upper, "\(centred)")
    #expect(centred.value == plain.value && centred.lower < plain.lower)
    #expect(abs((centred.upper - centred.lower) - (plain.upper - plain.lower)) < 1e-9)
  }

  @Test("patients are drawn whole, and both of two samples, as in numpy on the same draws")
  func groups() throws {
    let x = try MetricInputs.features(seed: 3, rows: 120, columns: 12)
    let y = try MetricInputs.features(seed: 4, rows: 90, columns: 12, scale: 1.3, shift: 0.2)
    let (first, second) = ((0..<120).map { x.values[$0 * 12] }, (0..<90).map { y.values[$0 * 12] })
    let estimate = try Bootstrap.mean(
      Array(first.prefix(40)), groups: (0..<40).map { $0 / 3 }, resamples: 200, confidence: 0.9, seed: 11)
    expectEqual([estimate.value, estimate.lower, estimate.upper], expected.bootstrap.groups, within: 1e-12)
    #expect(estimate.count == 40)

    func mean(_ values: [Double], _ indices: [Int]) -> Double {
      indices.reduce(0) { $0 + values[$1] } / Double(indices.count)
    }
    let difference = try Bootstrap.estimate(
      groups: (0..<30).map { $0 % 7 }, and: Array(0..<20), resamples: 150, seed: 12
    ) { mean(first, $0) - mean(second, $1) }
    expectEqual([difference.value, difference.lower, difference.upper], expected.bootstrap.twoSamples, within: 1e-12)
    #expect(difference.count == 20)
  }

  @Test("patients whose images are alike widen the interval")
  func alikeImages() throws {
    var random = SplitMix64(seed: 8)
    let patients = (0..<30).map { _ in Double(random.next() >> 11) * 0x1p-53 }
    // Ten images of each patient, all the same: there are 30 values, and not 300.
    let values = patients.flatMap { [Double](repeating: $0, count: 10) }
    let groups = (0..<300).map { $0 / 10 }
    let apart = try Bootstrap.mean(values, seed: 1)
    let whole = try Bootstrap.mean(values, groups: groups, seed: 1)
    let ratio = (whole.upper - whole.lower) / (apart.upper - apart.lower)
    #expect(abs(ratio - 10.0.squareRoot()) < 0.4, "\(ratio)")
    #expect(whole.value == apart.value)
  }

  @Test("resamples of one class are left out while most have both")
  func singleClass() throws {
    let scores = (0..<10).map(Double.init)
    let few = try ScoredLabels(scores: scores, labels: scores.map { $0 == 9 || $0 == 4 })
    let estimate = try Bootstrap.estimate(count: 10, resamples: 200, seed: 3) {
      try RankingMetrics.areaUnderROC(few.selecting($0))
    }
    #expect(estimate.lower >= 0 && estimate.upper == 1 && estimate.lower < estimate.value)
    let none = try ScoredLabels(scores: scores, labels: scores.map { _ in true })
    #expect(throws: MetricError.singleClass(what: "positive", count: 10)) {
      try Bootstrap.estimate(count: 10, resamples: 20, seed: 3) {
        try RankingMetrics.areaUnderROC(none.selecting($0))
      }
    }
    #expect(throws: MetricError.countMismatch(what: "groups of values", expected: 2, found: 1)) {
      try Bootstrap.mean([1, 2], groups: ["a"], seed: 0)
    }
    #expect(throws: MetricError.tooFew(what: "items", found: 0, minimum: 1)) {
      try Bootstrap.estimate(groups: [1], and: [Int](), seed: 0) { _, _ in 0 }
    }
  }

  @Test("values that are infinite have an infinite border, and no NaN")
  func infinite() throws {
    let estimate = try Bootstrap.mean([.infinity, .infinity], resamples: 10, seed: 0)
    #expect(estimate == Estimate(value: .infinity, lower: .infinity, upper: .infinity, count: 2))
  }

  @Test("draws without a value are left out, and the interval holds the value")
  func undefined() throws {
    let calls = [true, true, true, false, false, false, false, false]
    let right = [true, true, false, false, true, false, false, false]
    // Precision: NaN where nothing is called.
    let estimate = try Bootstrap.estimate(count: calls.count, seed: 1) { indices in
      let called = indices.filter { calls[$0] }
      return called.isEmpty ? .nan : Double(called.count { right[$0] }) / Double(called.count)
    }
    #expect(estimate.lower <= estimate.value && estimate.value <= estimate.upper, "\(estimate)")
    let none = try Bootstrap.estimate(count: 4, seed: 1) { _ in .nan }
    #expect(none.lower.isNaN && none.upper.isNaN)
  }
}
