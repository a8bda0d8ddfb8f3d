import Torch

/// The Euclidean distances between all rows of a set of features: its diversity, and that of draws from it, for an interval,
/// at the cost of one.
struct PairwiseDistances: Sendable {
  private let rows: Int
  /// Row by row.
  private let values: [Double]

  /// - Throws: `MetricError.tooFew` for fewer than two rows, `TorchError` if memory runs out.
  init(_ features: FeatureMatrix) throws {
    guard features.rows >= 2 else {
      throw MetricError.tooFew(what: "feature vectors", found: features.rows, minimum: 2)
    }
    rows = features.rows
    let all = try features.tensor()
    values = try all.blocks().flatMap { _, rows in try rows.cdist(other: all).doubles() }
  }

  /// The mean over all pairs. Beside that of real images it shows whether a model draws the same picture again and again.
  var mean: Double { mean(of: Array(0..<rows)) }

  /// The mean over all pairs of a draw.
  ///
  /// - Parameter indices: At least two, which may repeat.
  func mean(of indices: [Int]) -> Double {
    var counts = [Double](repeating: 0, count: rows)
    for index in indices { counts[index] += 1 }
    var sum = 0.0
    values.withUnsafeBufferPointer { values in
      for (row, count) in counts.enumerated() where count > 0 {
        var ofRow = 0.0
        for column in 0..<rows { ofRow += counts[column] * values[row * rows + column] }
        sum += count * ofRow
      }
    }
    return sum / Double(indices.count * (indices.count - 1))
  }
}
