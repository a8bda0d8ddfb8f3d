import Torch

/// The Euclidean distances between all rows of a set of features: the mean over many draws from it, for an interval, costs
/// them once.
struct PairwiseDistances: Sendable {
  private let rows: Int
  /// Row by row.
  private let values: [Double]

  /// - Throws: `TorchError` if memory runs out.
  init(_ features: FeatureMatrix) throws {
    rows = features.rows
    let all = try features.tensor()
    values = try all.blocks().flatMap { _, rows in try rows.cdist(other: all).doubles() }
  }

  /// The mean over all pairs of a draw, as ``FeatureDistances/meanPairwise(_:)`` of its rows.
  ///
  /// - Parameter indices: At least two, which may repeat.
  func mean(of indices: [Int]) -> Double {
    var counts = [Double](repeating: 0, count: rows)
    for index in indices { counts[index] += 1 }
    var sum = 0.0
    values.withUnsafeBufferPointer { values in
      for (row, count) in counts.enumerated() where count > 0 {
        var sums = SIMD8<Double>()
        let (start, whole) = (row * rows, rows / 8 * 8)
        for place in stride(from: 0, to: whole, by: 8) {
          for lane in 0..<8 { sums[lane] += counts[place + lane] * values[start + place + lane] }
        }
        sum += count * (whole..<rows).reduce(sums.sum()) { $0 + counts[$1] * values[start + $1] }
      }
    }
    return sum / Double(indices.count * (indices.count - 1))
  }
}
