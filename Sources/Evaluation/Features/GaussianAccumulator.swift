import Torch

// B rows of a batch, F features

/// Mean and covariance of features that come a batch at a time: memory does not grow with their number (Chan, Golub and
/// LeVeque, 1979, equation 2.1).
struct GaussianAccumulator {
  private(set) var count = 0
  private var mean_1F: Tensor?
  /// The sum of products of deviations from the mean.
  private var products_FF: Tensor?

  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for rows of another width; `TorchError`.
  mutating func add(_ rows: FeatureMatrix) throws {
    guard rows.rows > 0 else { return }
    try withoutGradients {
      let rows_BF = try rows.tensor()
      let batchMean_1F = try rows_BF.mean(dim: [0], keepdim: true)
      let centred_BF = try rows_BF - batchMean_1F
      let batchProducts_FF = try centred_BF.transpose(dim0: 0, dim1: 1).matmul(centred_BF)
      guard let mean_1F, let products_FF else {
        (self.mean_1F, self.products_FF, count) = (batchMean_1F, batchProducts_FF, rows.rows)
        return
      }
      guard mean_1F.shape[1] == rows.columns else {
        throw MetricError.countMismatch(what: "features a row", expected: mean_1F.shape[1], found: rows.columns)
      }
      let total = Double(count + rows.rows)
      let step_1F = try batchMean_1F - mean_1F
      let weight = Double(count) * Double(rows.rows) / total
      try products_FF.addInPlace(batchProducts_FF)
      try products_FF.addInPlace(step_1F.transpose(dim0: 0, dim1: 1).matmul(step_1F) * weight)
      self.mean_1F = try mean_1F + step_1F * (Double(rows.rows) / total)
      count += rows.rows
    }
  }

  /// - Throws: ``MetricError/tooFew(what:found:minimum:)`` for fewer than two rows; `TorchError`.
  func statistics() throws -> GaussianStatistics {
    guard count >= 2, let mean_1F, let products_FF else {
      throw MetricError.tooFew(what: "feature vectors", found: count, minimum: 2)
    }
    return try GaussianStatistics(
      count: count, mean: mean_1F.doubles(), covariance: (products_FF / Double(count - 1)).doubles())
  }
}

extension GaussianStatistics {
  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for a covariance that is not mean x mean.
  init(count: Int, mean: [Double], covariance: [Double]) throws(MetricError) {
    guard covariance.count == mean.count * mean.count else {
      throw .countMismatch(what: "covariances", expected: mean.count * mean.count, found: covariance.count)
    }
    self.count = count
    self.mean = mean
    self.covariance = covariance
  }
}
