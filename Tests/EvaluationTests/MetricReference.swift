import Foundation
import Support
import Testing

@testable import Evaluation

/// `metrics.json`, made by `Tools/reference/metrics.py`.
struct MetricReference: Decodable {
  struct Images: Decodable {
    struct Multiscale: Decodable {
      var even: [Double]
      var evenInverted: [Double]
      var odd: [Double]
      var oddInverted: [Double]
    }

    var ssim: [Double]
    var ssimRange2: [Double]
    var psnr: [Double]
    var meanSquaredError: [Double]
    var multiscale: Multiscale
    var thumbnail: [Double]
  }

  struct Spectra: Decodable {
    var equal: [Double]
    var octaves: [Double]
    var oblong: [Double]
  }

  struct Components: Decodable {
    var mean: [Double]
    var component: [Double]
    var variances: [Double]
    var projected: [Double]
  }

  struct Distances: Decodable {
    var meanPairwise: Double
    var nearestIndex: [Int]
    var nearestDistance: [Double]
  }

  struct Frechet: Decodable {
    var torchmetrics: Double
    var pytorchFID: Double
    var exact: Double
  }

  struct KernelDistances: Decodable {
    struct Subsets: Decodable {
      var values: [Double]
      var mean: Double
      var standardDeviation: Double
    }

    var few: Subsets
    var many: Subsets
    var whole: Double
  }

  struct Labels: Decodable {
    struct Set: Decodable {
      var auroc: Double
      var averagePrecision: Double
      var precision: Double
      var recall: Double
      var f1: Double
      var kappa: Double
      var brier: Double
      var observed: [Double]
      var predicted: [Double]
      var counts: [Int]
      var expectedError: Double
    }

    var ties: Set
    var fine: Set
    var readers: Double
  }

  /// Value, lower and upper end.
  struct Intervals: Decodable {
    var items: [Double]
    var groups: [Double]
    var twoSamples: [Double]
  }

  /// The arithmetic of CheXGenBench.
  struct Benchmark: Decodable {
    /// The mean over seeds, and the value of the nearest sample.
    struct Spreads: Decodable {
      var published: [Double]
      var corrected: [Double]
    }

    var frechet: Double
    /// Precision, recall, density and coverage.
    var manifold: [Double]
    /// Mean and deviation.
    var kernel: [Double]
    var kernelOfEqualSets: [Double]
    var pixels: Spreads
    var latents: Spreads
    var scores: Spreads
  }

  var images: Images
  var spectra: Spectra
  var components: [String: Components]
  var distances: Distances
  var frechet: [String: Frechet]
  var kernelDistance: KernelDistances
  var inceptionScore: [String: [Double]]
  var manifolds: [String: [Double]]
  var discrepancy: [String: Double]
  var vendi: [String: [Double]]
  var labels: Labels
  var bootstrap: Intervals
  var benchmark: Benchmark

  static func load() throws -> MetricReference { try MetricFixture.load("metrics") }
}

/// Files of `Tests/Fixtures/metrics`.
enum MetricFixture {
  static func load<Value: Decodable>(_ name: String) throws -> Value {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/metrics/\(name).json")
    return try JSONDecoder().decode(Value.self, from: Data(contentsOf: file))
  }
}

/// The inputs of the reference values, drawn as the script draws them.
enum MetricInputs {
  private static func unit(_ random: inout SplitMix64) -> Double { Double(random.next() >> 40) / 0x1p24 }

  /// Walks of rows and columns, so that neighbours are alike, in 0 ... 1.
  static func images(seed: UInt64, count: Int, height: Int, width: Int) throws -> GrayImages {
    var random = SplitMix64(seed: seed)
    var pixels: [Float] = []
    for _ in 0..<count {
      var walk = (0..<height * width).map { _ in unit(&random) - 0.5 }
      for y in 1..<height { for x in 0..<width { walk[y * width + x] += walk[(y - 1) * width + x] } }
      for y in 0..<height { for x in 1..<width { walk[y * width + x] += walk[y * width + x - 1] } }
      let (low, high) = (walk.min() ?? 0, walk.max() ?? 1)
      pixels += walk.map { Float(($0 - low) / (high - low)) }
    }
    return try GrayImages(pixels: pixels, count: count, height: height, width: width)
  }

  /// Features that are correlated and of unequal scale.
  static func features(
    seed: UInt64, rows: Int, columns: Int, scale: Double = 1, shift: Double = 0
  ) throws -> FeatureMatrix {
    var random = SplitMix64(seed: seed)
    var values: [Double] = []
    for _ in 0..<rows {
      var sum = 0.0
      for _ in 0..<columns {
        sum += unit(&random) - 0.5
        values.append(sum * scale + shift)
      }
    }
    return try FeatureMatrix(values, rows: rows, columns: columns)
  }

  /// Scores of which many are equal and on the borders of bins, and labels that follow them.
  static func labelled(seed: UInt64, count: Int, levels: Int) throws -> ScoredLabels {
    var random = SplitMix64(seed: seed)
    let scores = (0..<count).map { _ in Double(random.next(below: levels + 1)) / Double(levels) }
    let labels = scores.map { 0.15 + 0.7 * $0 > Double(random.next() >> 40) / 0x1p24 }
    return try ScoredLabels(scores: scores, labels: labels)
  }

  /// The first set of images, and another that is three parts of it and one of something else.
  static func pairs(seeds: (UInt64, UInt64), count: Int, height: Int, width: Int) throws -> (GrayImages, GrayImages) {
    let first = try images(seed: seeds.0, count: count, height: height, width: width)
    let other = try images(seed: seeds.1, count: count, height: height, width: width)
    let blend = zip(first.pixels, other.pixels).map { Float((3 * Double($0) + Double($1)) / 4) }
    return (first, try GrayImages(pixels: blend, count: count, height: height, width: width))
  }
}

/// Expects values to differ by no more than a tolerance, times the expected value where that is above 1.
func expectEqual(
  _ values: [Double], _ expected: [Double], within tolerance: Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(values.count == expected.count, sourceLocation: sourceLocation)
  for (value, wanted) in zip(values, expected) {
    #expect(
      abs(value - wanted) <= tolerance * max(1, abs(wanted)), "\(value) where \(wanted) belongs",
      sourceLocation: sourceLocation)
  }
}
