import Torch

/// Feature vectors, one a row, in double precision.
public struct FeatureMatrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  public let values: [Double]

  /// Throws `MetricError.countMismatch` unless there are rows x columns values, and `notFinite` for a NaN or an
  /// infinity among them.
  public init(_ values: [Double], rows: Int, columns: Int) throws(MetricError) {
    guard rows >= 0, columns > 0, values.count == rows * columns else {
      throw .countMismatch(what: "features", expected: rows * columns, found: values.count)
    }
    guard values.allSatisfy(\.isFinite) else { throw .notFinite(what: "the features") }
    self.init(unchecked: values, rows: rows, columns: columns)
  }

  init(unchecked values: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The rows at these indices, which may repeat.
  public func selecting(_ indices: [Int]) -> FeatureMatrix {
    var selected: [Double] = []
    selected.reserveCapacity(indices.count * columns)
    for index in indices { selected += values[index * columns..<(index + 1) * columns] }
    return FeatureMatrix(unchecked: selected, rows: indices.count, columns: columns)
  }

  /// [rows, columns] in float64.
  func tensor() throws -> Tensor { try Tensor(values, shape: [rows, columns]) }

  init(_ tensor: Tensor) throws {
    let shape = tensor.shape
    self.init(unchecked: try tensor.doubles(), rows: shape[0], columns: shape[1])
  }
}
