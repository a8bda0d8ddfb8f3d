import Foundation

/// The fidelity part of CheXGenBench (Dutt et al., arXiv:2505.10496; `metrics/fid.py` and `tools/combine_shards.py` of its
/// repository, read on 2026-11-27), as its code computes it and without what distorts it.
///
/// - Its path for small memories divides both lists of images into four parts, compares part with part, and averages the
///   four figures. The Fréchet distance of fewer images is greater, so the average is above that of all.
/// - A subset of its kernel distance has as many images as the smaller of the two sets: all 100 subsets hold the same
///   images of it, and their deviation says nothing of chance.
struct BenchmarkFidelity {
  static let parts = 4
  static let neighbours = 5
  static let subsets = 100
  /// The size of a subset by the paper of the kernel distance and its implementations, if half a set is no less.
  static let subsetSize = 1000

  /// The figures of two sets.
  struct Values: Equatable {
    var frechet: Double
    var kernel: Double
    /// The standard deviation over subsets.
    var kernelDeviation: Double
    var precision: Double
    var recall: Double
    var density: Double
    var coverage: Double
  }

  /// The benchmark rounds what it writes down, and averages what it has rounded.
  static func rounded(_ value: Double, digits: Int = 3) -> Double {
    let scale = pow(10, Double(digits))
    return (value * scale).rounded(.toNearestOrEven) / scale
  }

  /// The rows of each part: equal numbers, and one more in the first ones if they do not divide.
  static func divided(_ rows: Int) -> [Range<Int>] {
    var start = 0
    return (0..<parts).map { part in
      let end = start + rows / parts + (part < rows % parts ? 1 : 0)
      defer { start = end }
      return start..<end
    }
  }

  /// As its code computes them; the kernel distance by its path for large memories.
  ///
  /// - Throws: ``MetricError`` for sets of different widths or of too few rows for four parts; `TorchError`.
  static func published(real: FeatureMatrix, generated: FeatureMatrix, seed: UInt64) throws -> Values {
    let kernel = try KernelDistance.between(
      real, generated, subsets: subsets, subsetSize: min(real.rows, generated.rows), seed: seed)
    let pairs = zip(divided(real.rows), divided(generated.rows)).map {
      (real.selecting(Array($0)), generated.selecting(Array($1)))
    }
    let manifolds = try pairs.map { try ManifoldMetrics(real: $0, generated: $1, neighbours: neighbours) }
    func average(_ values: [Double]) -> Double { rounded(values.map { rounded($0) }.reduce(0, +) / Double(parts)) }
    return Values(
      frechet: average(try pairs.map { try FrechetDistance.between($0, $1) }), kernel: rounded(kernel.mean),
      kernelDeviation: kernel.standardDeviation, precision: average(manifolds.map(\.precision)),
      recall: average(manifolds.map(\.recall)), density: average(manifolds.map(\.density)),
      coverage: average(manifolds.map(\.coverage)))
  }

  /// Of all images at once, and the kernel distance of subsets of at most half the smaller set.
  ///
  /// - Throws: As ``published(real:generated:seed:)``.
  static func corrected(real: FeatureMatrix, generated: FeatureMatrix, seed: UInt64) throws -> Values {
    let size = subsetSize(real, generated)
    let kernel = try KernelDistance.between(real, generated, subsets: subsets, subsetSize: size, seed: seed)
    let manifold = try ManifoldMetrics(real: real, generated: generated, neighbours: neighbours)
    return Values(
      frechet: try FrechetDistance.between(real, generated), kernel: kernel.mean,
      kernelDeviation: kernel.standardDeviation, precision: manifold.precision, recall: manifold.recall,
      density: manifold.density, coverage: manifold.coverage)
  }

  private static func subsetSize(_ real: FeatureMatrix, _ generated: FeatureMatrix) -> Int {
    min(subsetSize, min(real.rows, generated.rows) / 2)
  }

  /// Pairs of figures, as published and corrected.
  ///
  /// - Parameters:
  ///   - extractor: The network's name.
  ///   - how: The features in words.
  ///   - training: Features of as many training images, which take the samples' place beside them.
  /// - Throws: As ``published(real:generated:seed:)``.
  static func figures(
    samples: FeatureMatrix, heldOut: FeatureMatrix, training: FeatureMatrix, extractor: String, how: String,
    seed: UInt64
  ) throws -> [MeasuredFigure] {
    let ours = (
      published: try published(real: heldOut, generated: samples, seed: seed),
      corrected: try corrected(real: heldOut, generated: samples, seed: seed)
    )
    let real = (
      published: try published(real: heldOut, generated: training, seed: seed),
      corrected: try corrected(real: heldOut, generated: training, seed: seed)
    )
    let sets =
      "\(samples.rows) samples against \(heldOut.rows) held-out images, \(how); real: as many training images in the "
      + "samples' place"
    let parts = (
      published:
        "the mean of four parts of the images, each against its own part, of about \(samples.rows / Self.parts) "
        + "and \(heldOut.rows / Self.parts) images, rounded to three digits",
      corrected: "of all images at once"
    )
    let smaller = min(samples.rows, heldOut.rows)
    let size = subsetSize(samples, heldOut)
    let draws = (
      published: "\(subsets) subsets of \(smaller) images, which hold every image of the smaller set each time",
      corrected: "\(subsets) subsets of \(size) images, drawn anew each time"
    )
    let kinds: [(String, (published: String, corrected: String), (Values) -> Double)] = [
      ("Fréchet distance", parts, \.frechet), ("kernel distance", draws, \.kernel),
      ("kernel distance, deviation", draws, \.kernelDeviation), ("precision", parts, \.precision),
      ("recall", parts, \.recall), ("density", parts, \.density), ("coverage", parts, \.coverage),
    ]
    return kinds.flatMap { title, differs, value in
      let name = "CheXGenBench \(title), \(extractor)"
      return [
        MeasuredFigure(
          "\(name), as published", value: value(ours.published), count: samples.rows, real: value(real.published),
          how: "\(differs.published): \(sets)"),
        MeasuredFigure(
          "\(name), corrected", value: value(ours.corrected), count: samples.rows, real: value(real.corrected),
          how: "\(differs.corrected): \(sets)"),
      ]
    }
  }
}
