import Torch
import TorchNN

/// The structural similarity index (Wang et al., IEEE Transactions on Image Processing 13, 2004), by
/// `WindowedSimilarity` in double precision.
///
/// What scikit-image computes as `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
public enum StructuralSimilarity {
  /// One value for each pair of images, at most 1.
  ///
  /// - Parameter dataRange: The distance between the least and the greatest value a pixel can have.
  /// - Throws: ``MetricError`` for sets of different shape, images under 11 pixels a side, and a range that is not
  ///   positive; `TorchError` if memory runs out.
  public static func values(_ a: GrayImages, _ b: GrayImages, dataRange: Double) throws -> [Double] {
    try a.requirePairs(with: b, dataRange: dataRange)
    try a.require(side: WindowedSimilarity.windowSide)
    let similarity = WindowedSimilarity(dataRange: dataRange, dtype: .float64)
    return try a.pairedBlocks(with: b) { try similarity.map($0, $1).mean(dim: [1, 2]).doubles() }
  }
}
