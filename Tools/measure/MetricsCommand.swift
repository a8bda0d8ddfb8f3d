import ArgumentParser
import Evaluation
import Foundation
import Support
import Torch

/// The time that metrics of sets take, and the memory of statistics that are gathered in batches.
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract:
      "Time the metrics on drawn features and images; the memory of streaming statistics (docs/evaluation-metrics.md).")

  @Option(help: "Images of each set.")
  var images = 660

  @Option(help: "Features of an image.")
  var features = 2048

  @Option(help: "Side of the images of which pairs are compared.")
  var side = 256

  @Option(help: "Vectors that streaming statistics take, one measurement for each; several may be given.")
  var streamed = [1000, 50_000]

  @Option(help: "Processor threads.")
  var threads = 2

  func validate() throws {
    for (name, value, least) in [("images", images, 10), ("features", features, 1), ("side", side, 161)]
    where value < least {
      throw ValidationError("\(name) \(value): give at least \(least)")
    }
    guard streamed.allSatisfy({ $0 >= 2 }) else { throw ValidationError("streamed: give at least 2") }
  }

  func run() throws {
    try LibTorch.setThreads(threads)
    // First, for the peak of memory never falls again.
    for count in streamed.sorted() { try stream(count) }
    let real = try draw(images, seed: 1)
    let generated = try draw(images, seed: 2)
    func time(_ name: String, _ body: () throws -> Double) throws {
      var value = 0.0
      let time = try milliseconds { value = try body() }
      report(name, String(format: "%.2f s", time / 1000), String(format: "value %.6g", value))
    }
    try time("Fréchet, of features") { try FrechetDistance.between(real, generated) }
    let statistics = try [real, generated].map { try GaussianStatistics($0) }
    try time("Fréchet, of statistics") { try FrechetDistance.between(statistics[0], statistics[1]) }
    try time("KID, 100 subsets") {
      try KernelDistance.between(real, generated, subsetSize: min(images, 1000), seed: 0).mean
    }
    try time("CMMD") { try MaximumMeanDiscrepancy.between(real, generated) }
    try time("precision and the like") { try ManifoldMetrics(real: real, generated: generated).coverage }
    try time("Vendi") { try VendiScore.of(generated) }
    try time("Inception score") { try InceptionScore(logits: generated).mean }
    try time("Fréchet, 100 resamples") {
      try Bootstrap.estimate(
        groups: Array(0..<images), and: Array(0..<images), resamples: 100, seed: 0
      ) { try FrechetDistance.between(real.selecting($0), generated.selecting($1)) }.upper
    }
    let (first, second) = (try drawImages(seed: 3), try drawImages(seed: 4))
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    try time("SSIM") { try mean(StructuralSimilarity.values(first, second, dataRange: 1)) }
    try time("MS-SSIM") { try mean(MultiscaleSimilarity.values(first, second, dataRange: 1)) }
    try time("PSNR") { try mean(PeakSignalToNoise.values(first, second, dataRange: 1)) }
  }

  /// Statistics of vectors that are never in memory together.
  private func stream(_ count: Int) throws {
    var accumulator = GaussianAccumulator()
    let time = try milliseconds {
      for start in stride(from: 0, to: count, by: 256) {
        try accumulator.add(draw(min(256, count - start), seed: UInt64(start)))
      }
      _ = try accumulator.statistics()
    }
    report(
      "statistics of \(count)", String(format: "%.1f s", time / 1000), "peak \(megabytes(peakMemoryBytes()))",
      "the vectors alone \(megabytes(8 * count * features))")
  }

  private func draw(_ rows: Int, seed: UInt64) throws -> FeatureMatrix {
    let values = try Tensor.randn([rows, features], generator: Generator(seed: seed)).doubles()
    return try FeatureMatrix(values, rows: rows, columns: features)
  }

  private func drawImages(seed: UInt64) throws -> GrayImages {
    let pixels = try Tensor.rand([images, side, side], generator: Generator(seed: seed)).floats()
    return try GrayImages(pixels: pixels, count: images, height: side, width: side)
  }
}
