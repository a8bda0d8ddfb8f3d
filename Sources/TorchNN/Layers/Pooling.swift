import Torch

/// One value for each window of each channel, as `torch.nn.MaxPool2d` and `torch.nn.AvgPool2d`.
public struct Pooling2d: Sendable {
  /// What a window becomes.
  public enum Reduction: Sendable {
    /// Its greatest value; what lies beyond a side never is the greatest.
    case max
    /// Its mean, in which what lies beyond a side counts as 0.
    case average
  }

  public let reduction: Reduction
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  /// - Parameters:
  ///   - kernel: The side of a window.
  ///   - stride: nil for windows side by side.
  ///   - padding: How far windows reach over each side, at most half of `kernel`.
  public init(_ reduction: Reduction, _ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    self.reduction = reduction
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
  }

  /// - Parameter x_BCHW: `[B, C, H, W]`.
  /// - Throws: `TorchError` if the window is larger than the input or memory runs out.
  public func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    let (window, step, margin) = ([kernel, kernel], [stride, stride], [padding, padding])
    return switch reduction {
    case .max: try x_BCHW.maxPool2D(kernelSize: window, stride: step, padding: margin)
    case .average: try x_BCHW.avgPool2D(kernelSize: window, stride: step, padding: margin)
    }
  }

  /// The side of the output for a square input.
  public func outputSide(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
}
