import Foundation
import Torch

// N rows, M other rows, D features, S subsets

/// A function of two feature vectors that compares them.
enum FeatureKernel {
  /// (x . y / D + 1)^3, as KID has it.
  case cubic
  /// exp(-|x - y|^2 / (2 bandwidth^2)).
  case gaussian(bandwidth: Double)

  /// Every row of one against every row of the other, `[N, M]`.
  func callAsFunction(_ x_ND: Tensor, _ y_MD: Tensor) throws -> Tensor {
    switch self {
    case .cubic:
      let product = try x_ND.matmul(y_MD.transpose(dim0: 0, dim1: 1))
      return try (product / Double(x_ND.shape[1]) + 1).pow(exponent: 3)
    case .gaussian(let bandwidth):
      return try (x_ND.cdist(other: y_MD).square() * (-0.5 / (bandwidth * bandwidth))).exp()
    }
  }

  /// Every row against itself, `[N, 1]`.
  func diagonal(_ x_ND: Tensor) throws -> Tensor {
    let squares = try x_ND.square().sum(dim: [1], keepdim: true)
    switch self {
    case .cubic: return try (squares / Double(x_ND.shape[1]) + 1).pow(exponent: 3)
    case .gaussian: return try squares * 0 + 1
    }
  }

  /// The sum over pairs of w_i k(x_i, y_j) v_j for each line of weights, where a subset has 1 for each of its members.
  ///
  /// A block of rows at a time: no table of all pairs is ever there.
  func sums(_ x_ND: Tensor, weights w_SN: Tensor, _ y_MD: Tensor, weights v_SM: Tensor) throws -> [Double] {
    var sums_S = try Tensor.zeros([w_SN.shape[0]], dtype: .float64)
    for (start, block) in try x_ND.blocks() {
      let weights = try w_SN.narrow(dim: 1, start: start, length: block.shape[0])
      sums_S = try sums_S + (weights.matmul(self(block, y_MD)) * v_SM).sum(dim: [1])
    }
    return try sums_S.doubles()
  }

  /// The sum over members of w_i k(x_i, x_i) for each line of weights.
  func diagonalSums(_ x_ND: Tensor, weights w_SN: Tensor) throws -> [Double] {
    try w_SN.matmul(diagonal(x_ND)).doubles()
  }
}

/// How the squared maximum mean discrepancy is estimated from samples.
public enum DiscrepancyEstimator: Sendable {
  /// Without pairs of a vector with itself: right in expectation at every N, and below 0 at times (Gretton et al.,
  /// Journal of Machine Learning Research 13, 2012, equation 3).
  case unbiased
  /// With them: never below 0, and too large by about 1/N (equation 5).
  case biased
}

/// The squared maximum mean discrepancy of subsets of two sets.
struct Discrepancy {
  let kernel: FeatureKernel
  let estimator: DiscrepancyEstimator

  /// One value for all rows of both.
  func value(_ x_ND: Tensor, _ y_MD: Tensor) throws -> Double {
    let (ones, others) = (
      try Tensor.ones([1, x_ND.shape[0]], dtype: .float64), try Tensor.ones([1, y_MD.shape[0]], dtype: .float64)
    )
    return try values(x_ND, weights: ones, y_MD, weights: others)[0]
  }

  /// One value for each line of weights.
  func values(_ x_ND: Tensor, weights w_SN: Tensor, _ y_MD: Tensor, weights v_SM: Tensor) throws -> [Double] {
    let within = try [means(x_ND, w_SN), means(y_MD, v_SM)]
    let across = try kernel.sums(x_ND, weights: w_SN, y_MD, weights: v_SM)
    let (n, m) = (try w_SN.sum(dim: [1]).doubles(), try v_SM.sum(dim: [1]).doubles())
    return across.indices.map { within[0][$0] + within[1][$0] - 2 * across[$0] / (n[$0] * m[$0]) }
  }

  /// The mean of the kernel over pairs of members of one set, for each line of weights.
  private func means(_ x_ND: Tensor, _ w_SN: Tensor) throws -> [Double] {
    let sums = try kernel.sums(x_ND, weights: w_SN, x_ND, weights: w_SN)
    let counts = try w_SN.sum(dim: [1]).doubles()
    switch estimator {
    case .biased: return zip(sums, counts).map { $0 / ($1 * $1) }
    case .unbiased:
      let own = try kernel.diagonalSums(x_ND, weights: w_SN)
      return sums.indices.map { (sums[$0] - own[$0]) / (counts[$0] * (counts[$0] - 1)) }
    }
  }
}
