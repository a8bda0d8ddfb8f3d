import Torch
import TorchNN

// B batch, C channels, H height, W width, S scales

/// Multi-scale structural similarity (Wang, Simoncelli and Bovik, Asilomar 2003, equation 7): contrast and structure at
/// five scales, each of half the size of the one before, and luminance at the last.
///
/// What pytorch-msssim computes as `ms_ssim`. As there, a side of odd length gets a row or column of zeros before it is
/// halved, and a scale whose mean is below 0 counts as 0.
public enum MultiscaleSimilarity {
  /// The exponent of each scale, the finest first (table 1 of the paper).
  static let weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  /// The least side of an image: a window must fit at the last scale.
  public static let minimumSide = (WindowedSimilarity.windowSide - 1) << (weights.count - 1) + 1

  /// One value for each pair of images, 0 ... 1.
  ///
  /// - Parameter dataRange: The distance between the least and the greatest value a pixel can have.
  /// - Throws: ``MetricError`` for sets of different shape, images under 161 pixels a side, and a range that is not
  ///   positive; `TorchError` if memory runs out.
  public static func values(_ a: GrayImages, _ b: GrayImages, dataRange: Double) throws -> [Double] {
    try a.requirePairs(with: b, dataRange: dataRange)
    try a.require(side: minimumSide)
    let similarity = WindowedSimilarity(dataRange: dataRange, dtype: .float64)
    return try a.pairedBlocks(with: b) { try value($0, $1, by: similarity).doubles() }
  }

  /// The value of every pair of different images of a set, in the order (0, 1), (0, 2) ... (1, 2) ...: the nearer to 1
  /// their mean, the more a model draws one picture again and again.
  ///
  /// - Throws: ``MetricError`` for fewer than two images, and as ``values(_:_:dataRange:)``; `TorchError`.
  public static func pairwise(_ images: GrayImages, dataRange: Double) throws -> [Double] {
    guard images.count >= 2 else { throw MetricError.tooFew(what: "images", found: images.count, minimum: 2) }
    var result: [Double] = []
    for index in 0..<images.count - 1 {
      let others = images.selecting(Array(index + 1..<images.count))
      let repeated = images.selecting([Int](repeating: index, count: others.count))
      result += try values(repeated, others, dataRange: dataRange)
    }
    return result
  }

  private static func value(_ a_BCHW: Tensor, _ b_BCHW: Tensor, by similarity: WindowedSimilarity) throws -> Tensor {
    var (a, b) = (a_BCHW, b_BCHW)
    var product_B: Tensor?
    for (scale, weight) in weights.enumerated() {
      let isLast = scale == weights.count - 1
      let map = try isLast ? similarity.map(a, b) : similarity.contrastMap(a, b)
      let factor_B = try map.mean(dim: [1, 2]).relu().pow(exponent: weight)
      product_B = try product_B.map { try $0 * factor_B } ?? factor_B
      if !isLast { (a, b) = (try halved(a), try halved(b)) }
    }
    guard let product_B else { throw TorchError.operationFailed("no scales") }
    return product_B
  }

  private static func halved(_ image_BCHW: Tensor) throws -> Tensor {
    let padding = image_BCHW.shape.suffix(2).map { $0 % 2 }
    return try image_BCHW.avgPool2D(kernelSize: [2, 2], stride: [2, 2], padding: padding)
  }
}
