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

  /// Features that a network has computed in single precision.
  ///
  /// Throws as ``init(_:rows:columns:)``.
  public init(floats values: [Float], rows: Int, columns: Int) throws(MetricError) {
    try self.init(values.map(Double.init), rows: rows, columns: columns)
  }

  init(unchecked values: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  public subscript(row: Int) -> ArraySlice<Double> { values[row * columns..<(row + 1) * columns] }

  /// The rows at these indices, which may repeat.
  public func selecting(_ indices: [Int]) -> FeatureMatrix {
    var selected: [Double] = []
    selected.reserveCapacity(indices.count * columns)
    for index in indices { selected += self[index] }
    return FeatureMatrix(unchecked: selected, rows: indices.count, columns: columns)
  }

  /// Refuses a set of the same feature vectors, in whatever order: its distance of 0 would say that the files were
  /// mixed up, and nothing of a model.
  ///
  /// - Throws: ``MetricError/identicalSets(what:)``.
  public func requireDistinct(from other: FeatureMatrix) throws(MetricError) {
    guard rows > 0, rows == other.rows, columns == other.columns else { return }
    if GrayImages.hold(same: (0..<rows).map { self[$0] }, as: (0..<rows).map { other[$0] }) {
      throw .identicalSets(what: "features")
    }
  }

  func requireColumns(of other: FeatureMatrix) throws(MetricError) {
    guard columns == other.columns else {
      throw .countMismatch(what: "features a row", expected: columns, found: other.columns)
    }
  }

  func require(rows minimum: Int) throws(MetricError) {
    guard rows >= minimum else { throw .tooFew(what: "feature vectors", found: rows, minimum: minimum) }
  }

  /// Each row divided by its length.
  ///
  /// - Throws: ``MetricError/zeroFeatures(row:)`` for a row of zeros.
  func normalised() throws -> Tensor {
    if let row = (0..<rows).first(where: { self[$0].allSatisfy { $0 == 0 } }) {
      throw MetricError.zeroFeatures(row: row)
    }
    let x = try tensor()
    return try x / x.square().sum(dim: [1], keepdim: true).sqrt()
  }

  /// `[rows, columns]` in float64.
  func tensor() throws -> Tensor { try Tensor(values, shape: [rows, columns]) }

  init(_ tensor: Tensor) throws {
    let shape = tensor.shape
    self.init(unchecked: try tensor.doubles(), rows: shape[0], columns: shape[1])
  }
}

extension Tensor {
  /// A few hundred rows at a time with the index of the first, so that tables of pairs stay small.
  func blocks(of size: Int = 256) throws -> [(start: Int, rows: Tensor)] {
    let count = shape[0]
    return try stride(from: 0, to: count, by: size).map {
      ($0, try narrow(dim: 0, start: $0, length: Swift.min(size, count - $0)))
    }
  }
}
