import Foundation
import Support
import Torch

/// The kernel distance of two sets of features (Binkowski et al., arXiv:1801.01401): the squared maximum mean discrepancy
/// under the kernel (x . y / D + 1)^3, unbiased. On features of an Inception network this is the KID.
///
/// Its expectation is the same at every N, unlike that of the Fréchet distance; its spread falls with N. It may be
/// below 0.
public enum KernelDistance {
  /// Which rows of the two sets are compared.
  public struct Subset: Sendable, Equatable {
    public var real: [Int]
    public var generated: [Int]

    public init(real: [Int], generated: [Int]) {
      self.real = real
      self.generated = generated
    }
  }

  /// The distances of many subsets.
  public struct Summary: Sendable, Equatable {
    public let mean: Double
    /// Over the subsets, divided by their number: it falls with their size and says nothing of the images' number.
    public let standardDeviation: Double
    public let subsets: Int
    public let subsetSize: Int
  }

  private static let discrepancy = Discrepancy(kernel: .cubic, estimator: .unbiased)

  /// The distance of all rows of both sets.
  ///
  /// - Throws: ``MetricError`` for sets of different widths or with fewer than two rows; `TorchError`.
  public static func between(_ real: FeatureMatrix, _ generated: FeatureMatrix) throws -> Double {
    try real.requireColumns(of: generated)
    for features in [real, generated] { try features.require(rows: 2) }
    return try discrepancy.value(real.tensor(), generated.tensor())
  }

  /// The mean over random subsets, each drawn without replacement: the usual way to give a KID.
  ///
  /// - Parameters:
  ///   - subsets: How many are drawn.
  ///   - subsetSize: How many rows of each set are in one.
  ///   - seed: The same seed draws the same rows.
  /// - Throws: ``MetricError`` for sets of different widths, sets smaller than a subset, subsets of fewer than two rows,
  ///   and fewer than one subset; `TorchError`.
  public static func between(
    _ real: FeatureMatrix, _ generated: FeatureMatrix, subsets: Int = 100, subsetSize: Int = 1000, seed: UInt64
  ) throws -> Summary {
    guard subsets >= 1 else { throw MetricError.tooFew(what: "subsets", found: subsets, minimum: 1) }
    guard subsetSize >= 2 else {
      throw MetricError.tooFew(what: "feature vectors a subset", found: subsetSize, minimum: 2)
    }
    for features in [real, generated] { try features.require(rows: subsetSize) }
    var random = SplitMix64(seed: seed)
    let drawn = (0..<subsets).map { _ in
      Subset(
        real: Self.draw(subsetSize, of: real.rows, &random),
        generated: Self.draw(subsetSize, of: generated.rows, &random))
    }
    let values = try self.values(real, generated, subsets: drawn)
    let mean = values.reduce(0, +) / Double(subsets)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(subsets)
    return Summary(mean: mean, standardDeviation: variance.squareRoot(), subsets: subsets, subsetSize: subsetSize)
  }

  /// The distance of each of the given subsets.
  ///
  /// - Throws: ``MetricError`` for sets of different widths, a subset of fewer than two rows of a set, and an index that
  ///   is no row's; `TorchError`.
  public static func values(
    _ real: FeatureMatrix, _ generated: FeatureMatrix, subsets: [Subset]
  ) throws -> [Double] {
    try real.requireColumns(of: generated)
    for subset in subsets {
      for (indices, rows) in [(subset.real, real.rows), (subset.generated, generated.rows)] {
        guard indices.count >= 2 else {
          throw MetricError.tooFew(what: "feature vectors a subset", found: indices.count, minimum: 2)
        }
        if let index = indices.first(where: { !(0..<rows).contains($0) }) {
          throw MetricError.invalidSetting(
            name: "an index of a subset", value: Double(index), allowed: "0 to \(rows - 1)")
        }
      }
    }
    guard !subsets.isEmpty else { return [] }
    let whole = real.rows * real.rows + generated.rows * generated.rows
    let parts = subsets.reduce(0) { $0 + $1.real.count * $1.real.count + $1.generated.count * $1.generated.count }
    // Subsets of a small set overlap, and each pair is compared once for all of them.
    guard whole > parts else {
      return try discrepancy.values(
        real.tensor(), weights: weights(subsets.map(\.real), rows: real.rows), generated.tensor(),
        weights: weights(subsets.map(\.generated), rows: generated.rows))
    }
    return try subsets.map {
      try discrepancy.value(real.selecting($0.real).tensor(), generated.selecting($0.generated).tensor())
    }
  }

  /// How often each row is in each subset, `[S, N]`.
  private static func weights(_ subsets: [[Int]], rows: Int) throws -> Tensor {
    var weights = [Double](repeating: 0, count: subsets.count * rows)
    for (line, subset) in subsets.enumerated() { for index in subset { weights[line * rows + index] += 1 } }
    return try Tensor(weights, shape: [subsets.count, rows])
  }

  /// The first of a random order (Fisher and Yates), for which no more than those is drawn.
  private static func draw(_ count: Int, of total: Int, _ random: inout SplitMix64) -> [Int] {
    var order = Array(0..<total)
    for place in 0..<count { order.swapAt(place, place + random.next(below: total - place)) }
    return Array(order.prefix(count))
  }
}
