import Torch

/// Distances within and between sets of features.
public enum FeatureDistances {
  /// The nearest neighbour of one feature vector.
  public struct Neighbour: Sendable, Equatable {
    public let index: Int
    public let distance: Double
  }

  /// For each query its nearest references by Euclidean distance, the nearest first.
  ///
  /// Throws `MetricError.tooFew` for fewer references than `count`, and `countMismatch` for features of different width.
  static func nearest(
    _ count: Int, of queries: FeatureMatrix, in references: FeatureMatrix
  ) throws -> [[Neighbour]] {
    guard references.rows >= count else {
      throw MetricError.tooFew(what: "references", found: references.rows, minimum: count)
    }
    try queries.requireColumns(of: references)
    guard queries.rows > 0 else { return [] }
    let all = try references.tensor()
    return try queries.tensor().blocks().flatMap { _, rows in
      let distances = try rows.cdist(other: all).doubles()
      return (0..<rows.shape[0]).map { row in
        least(count, of: distances[row * references.rows..<(row + 1) * references.rows])
      }
    }
  }

  /// The least of some distances with their places among them, the least first.
  ///
  /// - Parameter own: A place that is left out.
  static func least(_ count: Int, of distances: ArraySlice<Double>, except own: Int? = nil) -> [Neighbour] {
    var nearest = [Neighbour](repeating: Neighbour(index: 0, distance: .infinity), count: count)
    for (index, distance) in distances.enumerated() where distance < nearest[count - 1].distance && index != own {
      // Insertion into the few that are kept in order.
      var place = count - 1
      while place > 0, nearest[place - 1].distance > distance {
        nearest[place] = nearest[place - 1]
        place -= 1
      }
      nearest[place] = Neighbour(index: index, distance: distance)
    }
    return nearest
  }

  /// For each query its nearest reference by Euclidean distance.
  ///
  /// Throws `MetricError.tooFew` without references, and `countMismatch` for features of different width.
  public static func nearest(of queries: FeatureMatrix, in references: FeatureMatrix) throws -> [Neighbour] {
    guard references.rows > 0 else { throw MetricError.tooFew(what: "references", found: 0, minimum: 1) }
    guard queries.columns == references.columns else {
      throw MetricError.countMismatch(
        what: "features a row", expected: references.columns, found: queries.columns)
    }
    guard queries.rows > 0 else { return [] }
    let all = try references.tensor()
    var neighbours: [Neighbour] = []
    for (_, rows) in try queries.tensor().blocks() {
      let distances = try rows.cdist(other: all)
      let indices = try distances.neg().argmax(dim: 1).int64s()
      let values = try distances.amin(dim: [1]).doubles()
      neighbours += zip(indices, values).map { Neighbour(index: Int($0), distance: $1) }
    }
    return neighbours
  }
}
