import Torch

// N rows, D features

/// The mean and the covariance of a set of features.
public struct GaussianStatistics: Sendable, Equatable, Codable {
  public let count: Int
  public let mean: [Double]
  /// Unbiased, row by row.
  public let covariance: [Double]

  /// The statistics of all rows at once.
  ///
  /// - Throws: ``MetricError/tooFew(what:found:minimum:)`` for fewer than two rows; `TorchError` if memory runs out.
  public init(_ features: FeatureMatrix) throws {
    var accumulator = GaussianAccumulator()
    try accumulator.add(features)
    self = try accumulator.statistics()
  }

  /// Statistics that were computed before.
  ///
  /// - Throws: ``MetricError`` for a count under 2, a covariance that is not mean x mean, and values that are not finite.
  public init(count: Int, mean: [Double], covariance: [Double]) throws(MetricError) {
    guard count >= 2 else { throw .tooFew(what: "feature vectors", found: count, minimum: 2) }
    guard !mean.isEmpty, covariance.count == mean.count * mean.count else {
      throw .countMismatch(what: "covariances", expected: mean.count * mean.count, found: covariance.count)
    }
    guard mean.allSatisfy(\.isFinite), covariance.allSatisfy(\.isFinite) else {
      throw .notFinite(what: "the statistics")
    }
    (self.count, self.mean, self.covariance) = (count, mean, covariance)
  }

  func covarianceTensor() throws -> Tensor { try Tensor(covariance, shape: [mean.count, mean.count]) }
}

/// Mean and covariance of features that come in batches: the memory is that of one covariance, however many rows there
/// are.
///
/// Batches are merged by their centred sums of products (Chan, Golub and LeVeque, The American Statistician 37, 1983,
/// equations 2.1), which loses nothing to large means as sums of squares do. Not `Sendable`, since it holds tensors.
public struct GaussianAccumulator {
  /// How many rows it has seen.
  public private(set) var count = 0
  private var mean_1D: Tensor?
  /// The sum over rows of (x - mean)^T (x - mean).
  private var scatter_DD: Tensor?

  public init() {}

  /// Adds rows; none at all changes nothing.
  ///
  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for rows of another width than those before;
  ///   `TorchError` if memory runs out.
  public mutating func add(_ features: FeatureMatrix) throws {
    guard features.rows > 0 else { return }
    let x_ND = try features.tensor()
    let batchMean = try x_ND.mean(dim: [0], keepdim: true)
    let centred = try x_ND - batchMean
    let batchScatter = try centred.transpose(dim0: 0, dim1: 1).matmul(centred)
    guard let mean = mean_1D, let scatter = scatter_DD else {
      (mean_1D, scatter_DD, count) = (batchMean, batchScatter, features.rows)
      return
    }
    guard mean.count == features.columns else {
      throw MetricError.countMismatch(what: "features a row", expected: mean.count, found: features.columns)
    }
    let (before, added) = (Double(count), Double(features.rows))
    let step = try batchMean - mean
    let between = try step.transpose(dim0: 0, dim1: 1).matmul(step) * (before * added / (before + added))
    scatter_DD = try scatter + batchScatter + between
    mean_1D = try mean + step * (added / (before + added))
    count += features.rows
  }

  /// The statistics of all rows so far.
  ///
  /// - Throws: ``MetricError/tooFew(what:found:minimum:)`` for fewer than two rows; `TorchError` if memory runs out.
  public func statistics() throws -> GaussianStatistics {
    guard count >= 2, let mean_1D, let scatter_DD else {
      throw MetricError.tooFew(what: "feature vectors", found: count, minimum: 2)
    }
    return try GaussianStatistics(
      count: count, mean: mean_1D.doubles(), covariance: (scatter_DD / Double(count - 1)).doubles())
  }
}
