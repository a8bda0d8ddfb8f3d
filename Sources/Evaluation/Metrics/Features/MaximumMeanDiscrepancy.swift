import Torch

/// The squared maximum mean discrepancy under a Gaussian kernel. On embeddings of CLIP, each of length 1, this is the CMMD
/// (Jayasumana et al., CVPR 2024, arXiv:2401.09603, section 4), whose bandwidth, scale and biased estimator are the
/// defaults.
///
/// Nothing is assumed of the features' distribution, where the Fréchet distance assumes a normal one. The bandwidth of 10
/// is far beyond the distances of vectors of length 1, so that mostly the means of the two sets are compared.
public enum MaximumMeanDiscrepancy {
  /// The discrepancy of two sets of features.
  ///
  /// - Parameters:
  ///   - bandwidth: The kernel is exp(-|x - y|^2 / (2 bandwidth^2)).
  ///   - scale: What the value is multiplied by, so that it can be read.
  ///   - isNormalised: Whether each vector is divided by its length first, as embeddings of CLIP are.
  ///   - estimator: The biased one exceeds 0 also for two sets of one distribution.
  /// - Throws: ``MetricError`` for sets of different widths or with fewer than two rows, vectors of zeros that should be
  ///   normalised, and a bandwidth or scale that is not positive; `TorchError`.
  public static func between(
    _ real: FeatureMatrix, _ generated: FeatureMatrix, bandwidth: Double = 10, scale: Double = 1000,
    isNormalised: Bool = true, estimator: DiscrepancyEstimator = .biased
  ) throws -> Double {
    try real.requireColumns(of: generated)
    for features in [real, generated] { try features.require(rows: 2) }
    for (name, value) in [("the bandwidth", bandwidth), ("the scale", scale)] where !(value > 0 && value.isFinite) {
      throw MetricError.invalidSetting(name: name, value: value, allowed: "a positive number")
    }
    let discrepancy = Discrepancy(kernel: .gaussian(bandwidth: bandwidth), estimator: estimator)
    let rows = try [real, generated].map { try isNormalised ? $0.normalised() : $0.tensor() }
    return try scale * discrepancy.value(rows[0], rows[1])
  }
}
