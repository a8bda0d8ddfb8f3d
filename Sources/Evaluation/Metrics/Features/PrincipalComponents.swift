import Torch

/// A projection onto the directions in which a set of features varies most.
public struct PrincipalComponents: Sendable {
  public let mean: [Double]
  /// One direction of unit length a row, the most important first.
  public let components: FeatureMatrix
  /// The variance along each direction.
  public let variances: [Double]

  /// - Parameter count: how many directions; at most the features' width and one less than their number.
  /// - Throws: `MetricError.tooFew` for fewer than count + 1 rows, `invalidSetting` for a count outside its range.
  public init(_ features: FeatureMatrix, count: Int = 32) throws {
    guard (1...features.columns).contains(count) else {
      throw MetricError.invalidSetting(
        name: "the number of components", value: Double(count), allowed: "1 to \(features.columns)")
    }
    guard features.rows > count else {
      throw MetricError.tooFew(what: "feature vectors", found: features.rows, minimum: count + 1)
    }
    let rows = try features.tensor()
    let mean = try rows.mean(dim: [0], keepdim: true)
    let centred = try rows - mean
    let transposed = try centred.transpose(dim0: 0, dim1: 1)
    let degrees = Double(features.rows - 1)
    let directions: Tensor
    let eigenvalues: [Double]
    // X^T X and X X^T share their eigenvalues: the smaller one is solved.
    if features.columns <= features.rows {
      let (values, vectors) = try (transposed.matmul(centred) / degrees).linalgEigh()
      eigenvalues = try values.doubles()
      directions = try vectors.transpose(dim0: 0, dim1: 1)
    } else {
      let (values, vectors) = try (centred.matmul(transposed) / degrees).linalgEigh()
      eigenvalues = try values.doubles()
      let unscaled = try vectors.transpose(dim0: 0, dim1: 1).matmul(centred)
      directions = try unscaled / unscaled.square().sum(dim: [1], keepdim: true).sqrt().clamp(min: 1e-300)
    }
    // Eigenvalues come in rising order. A direction's sign is arbitrary: its largest part is made positive.
    let top = try directions.narrow(dim: 0, start: eigenvalues.count - count, length: count).flip(dims: [0])
    self.mean = try mean.doubles()
    self.components = try Self.signed(FeatureMatrix(top))
    self.variances = eigenvalues.suffix(count).reversed().map { max(0, $0) }
  }

  /// The features' coordinates along the components.
  ///
  /// Throws `MetricError.countMismatch` for features of another width.
  public func project(_ features: FeatureMatrix) throws -> FeatureMatrix {
    guard features.columns == mean.count else {
      throw MetricError.countMismatch(what: "features a row", expected: mean.count, found: features.columns)
    }
    let centred = try features.tensor() - Tensor(mean, shape: [1, mean.count])
    return try FeatureMatrix(centred.matmul(components.tensor().transpose(dim0: 0, dim1: 1)))
  }

  private static func signed(_ components: FeatureMatrix) -> FeatureMatrix {
    var values = components.values
    for row in 0..<components.rows {
      let range = row * components.columns..<(row + 1) * components.columns
      let largest = values[range].max { abs($0) < abs($1) } ?? 0
      if largest < 0 { for index in range { values[index].negate() } }
    }
    return FeatureMatrix(unchecked: values, rows: components.rows, columns: components.columns)
  }
}
