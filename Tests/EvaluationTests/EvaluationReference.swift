import Foundation
import Support

@testable import Evaluation

/// `evaluation.json`, made by `Tools/reference/evaluation_metrics.py`.
struct EvaluationReference: Decodable {
  struct Images: Decodable {
    struct Multiscale: Decodable {
      var even: [Double]
      var evenInverted: [Double]
      var odd: [Double]
      var oddInverted: [Double]
    }

    var multiscale: Multiscale
    var meanSquaredError: [Double]
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

  struct Intervals: Decodable {
    var groups: [Double]
    var twoSamples: [Double]
  }

  var images: Images
  var frechet: [String: Frechet]
  var kernelDistance: KernelDistances
  var inceptionScore: [String: [Double]]
  var manifolds: [String: [Double]]
  var discrepancy: [String: Double]
  var vendi: [String: [Double]]
  var labels: Labels
  var bootstrap: Intervals

  static func load() throws -> EvaluationReference { try MetricFixture.load("evaluation") }
}

/// Files of `Tests/Fixtures/metrics`.
enum MetricFixture {
  static func load<Value: Decodable>(_ name: String) throws -> Value {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/metrics/\(name).json")
    return try JSONDecoder().decode(Value.self, from: Data(contentsOf: file))
  }
}

extension MetricInputs {
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
