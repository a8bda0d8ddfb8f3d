import Testing

@testable import Evaluation

@Suite("Metrics of sets of features")
struct FeatureMetricTests {
  private let expected: MetricReference
  private let real: FeatureMatrix
  private let generated: FeatureMatrix

  init() throws {
    expected = try MetricReference.load()
    real = try MetricInputs.features(seed: 3, rows: 120, columns: 12)
    generated = try MetricInputs.features(seed: 4, rows: 90, columns: 12, scale: 1.3, shift: 0.2)
  }

  @Test("Fréchet distance agrees with torchmetrics and pytorch-fid, far from 0 too")
  func frechet() throws {
    for (name, a, b) in [
      ("few", real, generated),
      (
        "many", try MetricInputs.features(seed: 31, rows: 700, columns: 96),
        try MetricInputs.features(seed: 32, rows: 650, columns: 96, scale: 1.05, shift: 0.02)
      ),
      (
        "shifted", try MetricInputs.features(seed: 33, rows: 300, columns: 24, shift: 1000),
        try MetricInputs.features(seed: 34, rows: 300, columns: 24, scale: 1.2, shift: 1000.5)
      ),
    ] {
      let wanted = try #require(expected.frechet[name])
      let value = try FrechetDistance.between(a, b)
      expectEqual([value / wanted.torchmetrics, value / wanted.pytorchFID], [1, 1], within: 1e-6)
    }
  }

  @Test("Fréchet distance of fewer vectors than features is that of exact singular values")
  func singularFrechet() throws {
    let a = try MetricInputs.features(seed: 35, rows: 60, columns: 200)
    let b = try MetricInputs.features(seed: 36, rows: 50, columns: 200, scale: 1.2, shift: 0.1)
    let wanted = try #require(expected.frechet["wide"])
    for value in [
      try FrechetDistance.between(a, b), try FrechetDistance.between(b, a),
      try FrechetDistance.between(a, GaussianStatistics(b)), try FrechetDistance.between(b, GaussianStatistics(a)),
    ] {
      #expect(abs(value / wanted.exact - 1) < 1e-8)
      // The others take square roots of eigenvalues that rounding moves away from 0, which lowers their distances.
      #expect(abs(value / wanted.pytorchFID - 1) < 5e-6)
    }
    // By two covariances, as for two stored sets of statistics, the same rounding enters.
    let stored = try FrechetDistance.between(GaussianStatistics(a), GaussianStatistics(b))
    #expect(abs(stored / wanted.exact - 1) < 5e-6)
    #expect(throws: MetricError.countMismatch(what: "features a row", expected: 200, found: 12)) {
      try FrechetDistance.between(real, GaussianStatistics(a))
    }
    let many = try FrechetDistance.between(real, GaussianStatistics(generated))
    expectEqual([many], [try FrechetDistance.between(real, generated)], within: 1e-12)
  }

  @Test("statistics of batches are those of all rows, also where the mean is a thousand deviations")
  func accumulator() throws {
    let all = try MetricInputs.features(seed: 33, rows: 300, columns: 24, shift: 1000)
    var accumulator = GaussianAccumulator()
    for range in [0..<1, 1..<1, 1..<40, 40..<41, 41..<290, 290..<300] {
      try accumulator.add(all.selecting(Array(range)))
    }
    #expect(accumulator.count == 300)
    let merged = try accumulator.statistics()

    let means = (0..<24).map { column in (0..<300).reduce(0.0) { $0 + all.values[$1 * 24 + column] } / 300 }
    expectEqual(merged.mean, means, within: 1e-12)
    let covariances = (0..<24 * 24).map { place in
      (0..<300).reduce(0.0) { sum, row in
        let (i, j) = (place / 24, place % 24)
        return sum + (all.values[row * 24 + i] - means[i]) * (all.values[row * 24 + j] - means[j])
      } / 299
    }
    expectEqual(merged.covariance, covariances, within: 1e-10)
    expectEqual(try GaussianStatistics(all).covariance, covariances, within: 1e-10)
    #expect(try FrechetDistance.between(merged, GaussianStatistics(all)) < 1e-6)
  }

  @Test("statistics that cannot be are refused")
  func statisticsErrors() throws {
    var accumulator = GaussianAccumulator()
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 0, minimum: 2)) { try accumulator.statistics() }
    try accumulator.add(real.selecting([0]))
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 1, minimum: 2)) { try accumulator.statistics() }
    #expect(throws: MetricError.countMismatch(what: "features a row", expected: 12, found: 1)) {
      try accumulator.add(FeatureMatrix([1.0], rows: 1, columns: 1))
    }
    #expect(throws: MetricError.countMismatch(what: "covariances", expected: 4, found: 3)) {
      try GaussianStatistics(count: 5, mean: [0, 0], covariance: [1, 0, 1])
    }
    #expect(throws: MetricError.notFinite(what: "the statistics")) {
      try GaussianStatistics(count: 5, mean: [.nan], covariance: [1])
    }
    #expect(throws: MetricError.notFinite(what: "the features")) {
      try FeatureMatrix(floats: [1, .nan], rows: 1, columns: 2)
    }
  }

  @Test("kernel distance agrees with torchmetrics on given subsets, however many there are")
  func kernelDistance() throws {
    let wanted = expected.kernelDistance
    for (subsets, reference) in [(5, wanted.few), (60, wanted.many)] {
      let summary = try KernelDistance.between(real, generated, subsets: subsets, subsetSize: 40, seed: 17)
      expectEqual([summary.mean], [reference.mean], within: 1e-9)
      expectEqual([summary.standardDeviation], [reference.standardDeviation], within: 1e-9)
      #expect(summary.subsets == subsets && summary.subsetSize == 40)
    }
    let whole = try KernelDistance.between(real.selecting(Array(0..<90)), generated)
    expectEqual([whole], [wanted.whole], within: 1e-9)
    let all = KernelDistance.Subset(real: Array(0..<90), generated: Array(0..<90))
    let part = KernelDistance.Subset(real: [3, 5, 119], generated: [80, 1])
    let values = try KernelDistance.values(real, generated, subsets: [part, all, all, all])
    expectEqual(Array(values.dropFirst()), [wanted.whole, wanted.whole, wanted.whole], within: 1e-9)
    let alone = try KernelDistance.between(real.selecting(part.real), generated.selecting(part.generated))
    expectEqual([values[0]], [alone], within: 1e-9)
    expectEqual(try KernelDistance.values(real, generated, subsets: [part]), [alone], within: 1e-9)
  }

  @Test("kernel distance: subsets that cannot be drawn are refused")
  func kernelDistanceErrors() throws {
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 90, minimum: 100)) {
      try KernelDistance.between(real, generated, subsetSize: 100, seed: 0)
    }
    #expect(throws: MetricError.tooFew(what: "feature vectors a subset", found: 1, minimum: 2)) {
      try KernelDistance.between(real, generated, subsetSize: 1, seed: 0)
    }
    #expect(throws: MetricError.tooFew(what: "subsets", found: 0, minimum: 1)) {
      try KernelDistance.between(real, generated, subsets: 0, subsetSize: 10, seed: 0)
    }
    #expect(throws: MetricError.invalidSetting(name: "an index of a subset", value: 90, allowed: "0 to 89")) {
      try KernelDistance.values(real, generated, subsets: [.init(real: [0, 119], generated: [0, 90])])
    }
    #expect(throws: MetricError.countMismatch(what: "features a row", expected: 12, found: 1)) {
      try KernelDistance.between(real, FeatureMatrix([1.0, 2.0], rows: 2, columns: 1))
    }
  }

  @Test("Inception score agrees with torch-fidelity")
  func inceptionScore() throws {
    let features = try MetricInputs.features(seed: 41, rows: 103, columns: 7, scale: 4)
    for (splits, name) in [(10, "ten"), (1, "one")] {
      let score = try InceptionScore(logits: features, splits: splits)
      expectEqual([score.mean, score.standardDeviation], try #require(expected.inceptionScore[name]), within: 1e-9)
      #expect(score.count == 103 && score.splits == splits)
    }
    // Sure of a class each, and of one alone.
    let sure = try FeatureMatrix([1e4, 0, 0, 0, 1e4, 0, 0, 0, 1e4], rows: 3, columns: 3)
    expectEqual([try InceptionScore(logits: sure, splits: 1).mean], [3], within: 1e-9)
    expectEqual([try InceptionScore(logits: sure.selecting([0, 0, 0]), splits: 1).mean], [1], within: 1e-9)
    #expect(throws: MetricError.tooFew(what: "images", found: 3, minimum: 10)) { try InceptionScore(logits: sure) }
    #expect(throws: MetricError.tooFew(what: "splits", found: 0, minimum: 1)) {
      try InceptionScore(logits: sure, splits: 0)
    }
  }

  @Test("precision, recall, density and coverage are exactly those of prdc")
  func manifolds() throws {
    for (name, a, b, neighbours) in [
      ("small", real, generated, 5), ("near", real, generated, 3),
      (
        "large", try MetricInputs.features(seed: 42, rows: 300, columns: 32),
        try MetricInputs.features(seed: 43, rows: 290, columns: 32, scale: 0.8), 5
      ),
    ] {
      let metrics = try ManifoldMetrics(real: a, generated: b, neighbours: neighbours)
      let values = [metrics.precision, metrics.recall, metrics.density, metrics.coverage]
      expectEqual(values, try #require(expected.manifolds[name]), within: 1e-15)
    }
    let few = real.selecting([0, 1, 2])
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 3, minimum: 6)) {
      try ManifoldMetrics(real: real, generated: few)
    }
    #expect(throws: MetricError.tooFew(what: "neighbours", found: 0, minimum: 1)) {
      try ManifoldMetrics(real: real, generated: generated, neighbours: 0)
    }
  }

  @Test("maximum mean discrepancy agrees with its formula in numpy")
  func discrepancy() throws {
    let wanted = expected.discrepancy
    let narrow = {
      try MaximumMeanDiscrepancy.between(
        real, generated, bandwidth: 0.7, scale: 1, isNormalised: false, estimator: $0)
    }
    expectEqual(
      [
        try MaximumMeanDiscrepancy.between(real, generated), try narrow(DiscrepancyEstimator.biased),
        try narrow(DiscrepancyEstimator.unbiased),
      ], [try #require(wanted["cmmd"]), try #require(wanted["narrow"]), try #require(wanted["unbiased"])],
      within: 1e-9)
    #expect(abs(try MaximumMeanDiscrepancy.between(real, real)) < 1e-9)
    let zero = try FeatureMatrix([0.0, 1, 0, 0], rows: 2, columns: 2)
    #expect(throws: MetricError.zeroFeatures(row: 1)) { try MaximumMeanDiscrepancy.between(zero, zero) }
    #expect(throws: MetricError.invalidSetting(name: "the bandwidth", value: 0, allowed: "a positive number")) {
      try MaximumMeanDiscrepancy.between(real, generated, bandwidth: 0)
    }
  }

  @Test("Vendi score agrees with its formula in numpy, which is that of vendi-score")
  func vendiScore() throws {
    for (name, features) in [("tall", real), ("wide", try MetricInputs.features(seed: 5, rows: 20, columns: 50))] {
      let values = try [1, 2, 0.5, .infinity].map { try VendiScore.of(features, order: $0) }
      expectEqual(values, try #require(expected.vendi[name]), within: 1e-8)
    }
    let axes = try FeatureMatrix([3.0, 0, 0, 0, 1, 0, 0, 0, 0.1], rows: 3, columns: 3)
    expectEqual([try VendiScore.of(axes)], [3], within: 1e-12)
    expectEqual([try VendiScore.of(axes.selecting([0, 0, 0, 0]))], [1], within: 1e-12)
    #expect(throws: MetricError.invalidSetting(name: "the order", value: 0, allowed: "a positive number")) {
      try VendiScore.of(real, order: 0)
    }
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 0, minimum: 1)) {
      try VendiScore.of(real.selecting([]))
    }
  }

  @Test("a set given as both is refused, whatever the order")
  func identical() throws {
    let turned = real.selecting(Array((0..<120).reversed()))
    let error = #expect(throws: MetricError.identicalSets(what: "features")) {
      try real.requireDistinct(from: turned)
    }
    #expect(error?.description == "both sets hold the same features: compare generated images with real ones")
    try real.requireDistinct(from: generated)
    try real.requireDistinct(from: real.selecting([0] + Array(0..<119)))
  }
}
