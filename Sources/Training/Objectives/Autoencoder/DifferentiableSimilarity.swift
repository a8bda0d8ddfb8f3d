import Torch

// B batch, C channels, H height, W width

/// Structural similarity (Wang et al. 2004) of images on tensors, so that gradients reach through it: 11x11 Gaussian window
/// of deviation 1.5. `StructuralSimilarity` of `Evaluation` measures the same without tensors, in double precision.
struct DifferentiableSimilarity {
  private let window_rows: Tensor
  private let window_columns: Tensor
  private let c1: Double
  private let c2: Double

  /// - Parameter dataRange: the largest minus the smallest possible value; 2 for images in [-1, 1].
  init(dataRange: Double = 2, device: Device = .cpu) throws {
    let offsets = try Tensor.arange(from: -5, to: 6, by: 1, device: device)
    let weights = try (offsets.square() * (-1 / (2 * 1.5 * 1.5))).exp()
    let window = try weights / weights.sum()
    window_rows = try window.reshape([1, 1, 11, 1])
    window_columns = try window.reshape([1, 1, 1, 11])
    c1 = (0.01 * dataRange) * (0.01 * dataRange)
    c2 = (0.03 * dataRange) * (0.03 * dataRange)
  }

  /// The mean over all places where the window fits, of single-channel images of one shape.
  func callAsFunction(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    let shape = a_BCHW.shape
    let maps = try Tensor.cat([a_BCHW, b_BCHW, a_BCHW.square(), b_BCHW.square(), a_BCHW * b_BCHW])
    let blurred = try maps.reshape([-1, 1, shape[2], shape[3]]).conv2d(weight: window_rows)
      .conv2d(weight: window_columns)
    let parts = try blurred.chunk(chunks: 5)
    let (meanA, meanB) = (parts[0], parts[1])
    let product = try meanA * meanB
    let squares = try meanA.square() + meanB.square()
    let covariance = try parts[4] - product
    let variances = try parts[2] + parts[3] - squares
    let similarity = try ((product * 2.0 + c1) * (covariance * 2.0 + c2)) / ((squares + c1) * (variances + c2))
    return try similarity.mean()
  }
}
