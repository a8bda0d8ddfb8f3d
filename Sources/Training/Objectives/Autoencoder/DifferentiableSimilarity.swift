import Foundation
import Torch

// B batch, C channels, H height, W width

/// Structural similarity (Wang et al. 2004) of images on tensors, so that gradients reach through it: 11x11 Gaussian window
/// of deviation 1.5. `StructuralSimilarity` of `Evaluation` measures the same without tensors, in double precision.
struct DifferentiableSimilarity {
  private static let radius = 5
  private let window: [Double]
  private let device: Device
  private let c1: Double
  private let c2: Double

  /// - Parameter dataRange: the largest minus the smallest possible value; 2 for images in [-1, 1].
  init(dataRange: Double = 2, device: Device = .cpu) {
    let weights = (-Self.radius...Self.radius).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    window = weights.map { $0 / weights.reduce(0, +) }
    self.device = device
    c1 = (0.01 * dataRange) * (0.01 * dataRange)
    c2 = (0.03 * dataRange) * (0.03 * dataRange)
  }

  /// The mean over all places where the window fits, of single-channel images of one shape.
  func callAsFunction(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
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
    let similarity = try ((product * 2.0 + c1) * (covariance * 2.0 + c2)) / ((squares + c1) * (variances + c2))
    return try similarity.mean()
  }

  /// The matrix that blurs the columns of an image of `size` rows: the window at every place where it fits. Convolutions of
  /// one channel are the slowest that LibTorch has on a CPU; products of matrices are the fastest, zeros and all.
  private func blurring(_ size: Int) throws -> Tensor {
    let places = size - 2 * Self.radius
    var rows = [Float](repeating: 0, count: max(0, places) * size)
    for place in 0..<max(0, places) {
      for (offset, weight) in window.enumerated() { rows[place * size + place + offset] = Float(weight) }
    }
    return try Tensor(rows, shape: [places, size]).to(device)
  }
}
