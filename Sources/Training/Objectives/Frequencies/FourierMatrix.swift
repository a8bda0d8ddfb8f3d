import Foundation
import Torch

// B batch, C channels, H height, W width

/// The discrete Fourier transform of square images of one side as products with two symmetric matrices. At the side of a crop they
/// are as fast as a fast transform, and a run that goes on ends with the bits that it always had.
struct FourierMatrix {
  private let cosine: Tensor
  private let sine: Tensor

  /// - Throws: `TorchError` if memory runs out.
  init(_ size: Int, dtype: DType, device: Device) throws {
    let angles = (0..<size * size).map { index in
      2 * Double.pi * Double((index / size) * (index % size) % size) / Double(size)
    }
    cosine = try Tensor(angles.map(cos), shape: [size, size]).to(dtype).to(device)
    sine = try Tensor(angles.map(sin), shape: [size, size]).to(dtype).to(device)
  }

  /// Real and imaginary part of F = (C - iS) X (C - iS)^T of real images X, in the places of `FourierPlane`'s frequencies.
  ///
  /// - Throws: `TorchError` for images of another size, or if memory runs out.
  func transform(_ x_BCHW: Tensor) throws -> (real: Tensor, imaginary: Tensor) {
    let cosine = try self.cosine.matmul(x_BCHW)
    let sine = try self.sine.matmul(x_BCHW)
    return (
      try cosine.matmul(self.cosine) - sine.matmul(self.sine),
      try -(cosine.matmul(self.sine) + sine.matmul(self.cosine))
    )
  }
}
