import Torch

/// The mean and the covariance of a set of features.
public struct GaussianStatistics: Sendable {
  public let count: Int
  public let mean: [Double]
  /// Unbiased, row by row.
  public let covariance: [Double]

  /// Throws `MetricError.tooFew` for fewer than two rows.
  public init(_ features: FeatureMatrix) throws {
    guard features.rows >= 2 else {
      throw MetricError.tooFew(what: "feature vectors", found: features.rows, minimum: 2)
    }
    let rows = try features.tensor()
    let mean = try rows.mean(dim: [0], keepdim: true)
    let centred = try rows - mean
    count = features.rows
    self.mean = try mean.doubles()
    covariance = try (centred.transpose(dim0: 0, dim1: 1).matmul(centred) / Double(features.rows - 1)).doubles()
  }

  fileprivate func covarianceTensor() throws -> Tensor {
    try Tensor(covariance, shape: [mean.count, mean.count])
  }
}

/// The Fréchet distance between two sets of features, each taken as a Gaussian (Heusel et al., arXiv:1706.08500,
/// equation 6): |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).
///
/// On features of an Inception network this is the FID. Its expectation for two sets of one distribution is above 0
/// and falls with their size, so a figure is given with that of real against real at the same sizes.
public enum FrechetDistance {
  /// The distance between the normal distributions of two sets of features.
  ///
  /// - Throws: ``MetricError`` for sets of different widths or with fewer than two rows; `TorchError`.
  public static func between(_ a: FeatureMatrix, _ b: FeatureMatrix) throws -> Double {
    try between(GaussianStatistics(a), GaussianStatistics(b))
  }

  /// Throws `MetricError.countMismatch` for features of different width.
  public static func between(_ a: GaussianStatistics, _ b: GaussianStatistics) throws -> Double {
    guard a.mean.count == b.mean.count else {
      throw MetricError.countMismatch(what: "features a row", expected: a.mean.count, found: b.mean.count)
    }
    let distance = zip(a.mean, b.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let covarianceA = try a.covarianceTensor()
    let covarianceB = try b.covarianceTensor()
    // C1 C2 has the eigenvalues of the symmetric C1^(1/2) C2 C1^(1/2), for which a stable method exists, also where
    // there are fewer images than features and both are singular.
    let rootA = try symmetricRoot(covarianceA)
    let (eigenvalues, _) = try symmetrised(rootA.matmul(covarianceB).matmul(rootA)).linalgEigh()
    let overlap = try eigenvalues.clamp(min: 0).sqrt().sum().item()
    return distance + trace(a) + trace(b) - 2 * overlap
  }

  private static func trace(_ statistics: GaussianStatistics) -> Double {
    let size = statistics.mean.count
    return (0..<size).reduce(0) { $0 + statistics.covariance[$1 * size + $1] }
  }

  private static func symmetricRoot(_ matrix: Tensor) throws -> Tensor {
    let (eigenvalues, vectors) = try symmetrised(matrix).linalgEigh()
    return try (vectors * eigenvalues.clamp(min: 0).sqrt()).matmul(vectors.transpose(dim0: 0, dim1: 1))
  }

  private static func symmetrised(_ matrix: Tensor) throws -> Tensor {
    try (matrix + matrix.transpose(dim0: 0, dim1: 1)) * 0.5
  }
}
