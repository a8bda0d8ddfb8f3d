import Torch
import TorchNN

// B batch, C channels, H height, W width

/// Two convolutions of 3 x 3 with group normalisation, around which the input is added (He et al., 2016, figure 2).
struct ClassifierBlock {
  /// Groups of the normalisation.
  static let groups = 8

  private let first: Conv2d
  private let firstNorm: GroupNorm
  private let second: Conv2d
  private let secondNorm: GroupNorm

  /// - Throws: `ParameterError`, `TorchError`.
  init(_ scope: ParameterScope, channels: Int) throws {
    first = try Conv2d(scope["convolution1"], channels, channels, bias: false)
    firstNorm = try GroupNorm(scope["norm1"], groups: Self.groups, channels: channels)
    second = try Conv2d(scope["convolution2"], channels, channels, bias: false)
    secondNorm = try GroupNorm(scope["norm2"], groups: Self.groups, channels: channels)
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    let y_BCHW = try secondNorm(second(firstNorm.silu(first(x_BCHW))))
    return try (x_BCHW + y_BCHW).silu()
  }
}
