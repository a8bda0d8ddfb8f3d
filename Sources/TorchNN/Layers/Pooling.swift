import Torch

/// The greatest value of each window, channel by channel, as `torch.nn.MaxPool2d`.
public struct MaxPool2d: Sendable {
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  /// - Parameters:
  ///   - stride: nil for windows side by side.
  ///   - padding: How far windows reach over each side, at most half of `kernel`; what is there never is the greatest.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
  }

  /// - Parameter x_BCHW: `[B, C, H, W]`.
  /// - Throws: `TorchError` if the window is larger than the input or memory runs out.
  public func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try x_BCHW.maxPool2D(kernelSize: [kernel, kernel], stride: [stride, stride], padding: [padding, padding])
  }

  /// The side of the output for a square input.
  public func outputSide(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
}

/// The mean of each window, channel by channel, as `torch.nn.AvgPool2d`.
public struct AvgPool2d: Sendable {
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  /// - Parameters:
  ///   - stride: nil for windows side by side.
  ///   - padding: Zeros added on each side, at most half of `kernel`; they count in the mean.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
  }

  /// - Parameter x_BCHW: `[B, C, H, W]`.
  /// - Throws: `TorchError` if the window is larger than the input or memory runs out.
  public func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try x_BCHW.avgPool2D(kernelSize: [kernel, kernel], stride: [stride, stride], padding: [padding, padding])
  }

  /// The side of the output for a square input.
  public func outputSide(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
}
