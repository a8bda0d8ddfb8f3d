import Foundation
import Torch

// B batch, C channels, H height, W width

/// Structural similarity (Wang et al., IEEE Transactions on Image Processing 13, 2004) on tensors, so that gradients pass
/// through it: Gaussian windows of 11 x 11 and deviation 1.5, K1 = 0.01, K2 = 0.03, wherever a window lies wholly inside
/// the image. Losses use it in single precision, measures in double precision.
public struct WindowedSimilarity {
  private static let radius = 5

  /// The side of a window: no image may be smaller.
  public static let windowSide = 2 * radius + 1

  private let window: [Double]
  private let dtype: DType
  private let device: Device
  private let c1: Double
  private let c2: Double

  /// - Parameters:
  ///   - dataRange: The largest minus the smallest possible value; 2 for images in [-1, 1].
  ///   - dtype: The type of the images.
  public init(dataRange: Double = 2, dtype: DType = .float32, device: Device = .cpu) {
    let weights = (-Self.radius...Self.radius).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    let total = weights.reduce(0, +)
    window = weights.map { $0 / total }
    self.dtype = dtype
    self.device = device
    c1 = (0.01 * dataRange) * (0.01 * dataRange)
    c2 = (0.03 * dataRange) * (0.03 * dataRange)
  }

  /// The mean over all images and all places where the window fits.
  ///
  /// - Throws: `TorchError` for images of different shapes or under 11 pixels a side, or if memory runs out.
  public func callAsFunction(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    try map(a_BCHW, b_BCHW).mean()
  }

  /// The similarity at each place where the window fits (equation 13), `[B * C, H - 10, W - 10]`.
  ///
  /// - Throws: `TorchError` for images of different shapes or under 11 pixels a side, or if memory runs out.
  public func map(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    let terms = try terms(a_BCHW, b_BCHW)
    return try (terms.luminance.0 * terms.contrast.0) / (terms.luminance.1 * terms.contrast.1)
  }

  /// Its second factor, that of contrast and structure without luminance, in the same places: what multi-scale
  /// similarity takes of all scales but the last.
  ///
  /// - Throws: `TorchError` for images of different shapes or under 11 pixels a side, or if memory runs out.
  public func contrastMap(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    let contrast = try terms(a_BCHW, b_BCHW).contrast
    return try contrast.0 / contrast.1
  }

  /// Numerator and denominator of both factors.
  private func terms(
    _ a_BCHW: Tensor, _ b_BCHW: Tensor
  ) throws -> (luminance: (Tensor, Tensor), contrast: (Tensor, Tensor)) {
    let shape = a_BCHW.shape
    let maps = try Tensor.cat([a_BCHW, b_BCHW, a_BCHW.square(), b_BCHW.square(), a_BCHW * b_BCHW])
    let blurred = try blurring(shape[2]).matmul(maps.reshape([-1, shape[2], shape[3]]))
      .matmul(blurring(shape[3]).transpose(dim0: 0, dim1: 1))
    let parts = try blurred.chunk(chunks: 5)
    let (meanA, meanB) = (parts[0], parts[1])
    let product = try meanA * meanB
    let squares = try meanA.square() + meanB.square()
    let covariance = try parts[4] - product
    let variances = try parts[2] + parts[3] - squares
    return (
      (try product * 2.0 + c1, try squares + c1), (try covariance * 2.0 + c2, try variances + c2)
    )
  }

  /// The matrix that blurs the columns of an image of `size` rows: the window at every place where it fits. Convolutions of
  /// one channel are the slowest that LibTorch has on a CPU; products of matrices are the fastest, zeros and all.
  private func blurring(_ size: Int) throws -> Tensor {
    let places = size - 2 * Self.radius
    var rows = [Double](repeating: 0, count: max(0, places) * size)
    for place in 0..<max(0, places) {
      for (offset, weight) in window.enumerated() { rows[place * size + place + offset] = weight }
    }
    return try Tensor(rows, shape: [max(0, places), size]).to(dtype).to(device)
  }
}
