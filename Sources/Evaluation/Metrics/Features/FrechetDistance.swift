import Torch

// N rows, D features

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
    try a.requireColumns(of: b)
    for features in [a, b] { try features.require(rows: 2) }
    guard max(a.rows, b.rows) < a.columns else { return try between(GaussianStatistics(a), GaussianStatistics(b)) }
    // Both covariances are singular. With Y = (X - m) / sqrt(N - 1), C1 C2 = Y1^T Y1 Y2^T Y2 has the eigenvalues of
    // (Y1 Y2^T)(Y1 Y2^T)^T, which is of N rows and not of D. One is 0, since centred rows add up to 0.
    let (first, second) = (try Centred(a), try Centred(b))
    let product = try first.scaled_ND.matmul(second.scaled_ND.transpose(dim0: 0, dim1: 1))
    let transposed = try product.transpose(dim0: 0, dim1: 1)
    let gram = try a.rows <= b.rows ? product.matmul(transposed) : transposed.matmul(product)
    let (eigenvalues, _) = try symmetrised(gram).linalgEigh()
    let shift = try (first.mean_1D - second.mean_1D).square().sum().item()
    return try shift + first.trace() + second.trace() - 2 * sumOfRoots(eigenvalues, zeros: 1)
  }

  /// The distance between a set of features and stored statistics of another, such as those of real images.
  ///
  /// - Throws: ``MetricError`` for features of different width or fewer than two rows; `TorchError`.
  public static func between(_ features: FeatureMatrix, _ statistics: GaussianStatistics) throws -> Double {
    guard features.columns == statistics.mean.count else {
      throw MetricError.countMismatch(
        what: "features a row", expected: statistics.mean.count, found: features.columns)
    }
    try features.require(rows: 2)
    guard features.rows < features.columns else { return try between(GaussianStatistics(features), statistics) }
    // Y^T Y C has the eigenvalues of Y C Y^T. One is 0, and more if the other set was smaller.
    let zeros = max(1, features.rows - (statistics.count - 1))
    let centred = try Centred(features)
    let product = try centred.scaled_ND.matmul(statistics.covarianceTensor())
    let (eigenvalues, _) = try symmetrised(
      product.matmul(centred.scaled_ND.transpose(dim0: 0, dim1: 1))
    ).linalgEigh()
    let mean_1D = try Tensor(statistics.mean, shape: [1, features.columns])
    let shift = try (centred.mean_1D - mean_1D).square().sum().item()
    return try shift + centred.trace() + trace(statistics) - 2 * sumOfRoots(eigenvalues, zeros: zeros)
  }

  /// The distance between two normal distributions.
  ///
  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for features of different width; `TorchError`.
  public static func between(_ a: GaussianStatistics, _ b: GaussianStatistics) throws -> Double {
    guard a.mean.count == b.mean.count else {
      throw MetricError.countMismatch(what: "features a row", expected: a.mean.count, found: b.mean.count)
    }
    let shift = zip(a.mean, b.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let covarianceA = try a.covarianceTensor()
    let covarianceB = try b.covarianceTensor()
    // C1 C2 has the eigenvalues of the symmetric C1^(1/2) C2 C1^(1/2), for which a stable method exists, also where
    // there are fewer images than features and both are singular.
    let rootA = try symmetricRoot(covarianceA)
    let (eigenvalues, _) = try symmetrised(rootA.matmul(covarianceB).matmul(rootA)).linalgEigh()
    return try shift + trace(a) + trace(b) - 2 * sumOfRoots(eigenvalues)
  }

  /// Rows without their mean, over the root of their degrees of freedom.
  private struct Centred {
    let mean_1D: Tensor
    let scaled_ND: Tensor

    init(_ features: FeatureMatrix) throws {
      let x_ND = try features.tensor()
      mean_1D = try x_ND.mean(dim: [0], keepdim: true)
      scaled_ND = try (x_ND - mean_1D) / Double(features.rows - 1).squareRoot()
    }

    func trace() throws -> Double { try scaled_ND.square().sum().item() }
  }

  /// - Parameter zeros: How many are 0 but for rounding, whose root would be far larger than itself.
  private static func sumOfRoots(_ eigenvalues: Tensor, zeros: Int = 0) throws -> Double {
    // In rising order; rounding makes some of 0 negative.
    let kept = try eigenvalues.narrow(dim: 0, start: zeros, length: eigenvalues.count - zeros)
    return try kept.clamp(min: 0).sqrt().sum().item()
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
