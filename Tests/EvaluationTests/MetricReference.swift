import Foundation
import Support
import Testing

@testable import Evaluation

/// `metrics.json`, made by `Tools/reference/metrics.py`.
struct MetricReference: Decodable {
  struct Components: Decodable {
    var mean: [Double]
    var component: [Double]
    var variances: [Double]
    var projected: [Double]
  }

  var ssim: [Double]
  var ssimRange2: [Double]
  var psnr: [Double]
  var frechet: Double
  var frechetHalves: Double
  var pcaTall: Components
  var pcaWide: Components
  var spectrumEqual: [Double]
  var spectrumOctaves: [Double]
  var spectrumOblong: [Double]
  var meanPairwise: Double
  var nearestIndex: [Int]
  var nearestDistance: [Double]
  var thumbnail: [Double]
  var bootstrap: [Double]

  static func load() throws -> MetricReference { try MetricFixture.load("metrics") }
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
