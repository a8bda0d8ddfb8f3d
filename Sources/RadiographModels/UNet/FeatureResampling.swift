import Torch
import TorchNN

/// The step between two levels of a U-Net.
enum FeatureResampling {
  case stridedConvolution(Conv2d)
  case transposedConvolution(ConvTranspose2d, Conv2d)
  case nearest(Conv2d)
  case pixelShuffle(Conv2d)

  /// The step from a level to the one below it.
  static func down(
    _ scope: ParameterScope, from channels: Int, to next: Int, _ kind: UNetArchitecture.Downsampling
  ) throws -> FeatureResampling {
    switch kind {
    case .stridedConvolution: .stridedConvolution(try Conv2d(scope, channels, channels, stride: 2))
    case .stridedConvolutionToNextLevel: .stridedConvolution(try Conv2d(scope, channels, next, stride: 2))
    }
  }

  /// The step from a level to the one above it.
  static func up(
    _ scope: ParameterScope, from channels: Int, to next: Int, _ kind: UNetArchitecture.Upsampling
  ) throws -> FeatureResampling {
    switch kind {
    case .transposedConvolution:
      .transposedConvolution(
        try ConvTranspose2d(scope["transposed"], channels, channels),
        try Conv2d(scope["convolution"], channels, channels))
    case .nearest: .nearest(try Conv2d(scope, channels, channels))
    case .pixelShuffle: .pixelShuffle(try Conv2d(scope, channels, 4 * next, kernel: 1))
    }
  }

  /// The channels that come out.
  var outputs: Int {
    switch self {
    case .stridedConvolution(let convolution), .transposedConvolution(_, let convolution), .nearest(let convolution):
      convolution.outputs
    case .pixelShuffle(let convolution): convolution.outputs / 4
    }
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    switch self {
    case .stridedConvolution(let convolution): return try convolution(x_BCHW)
    case .transposedConvolution(let transposed, let convolution): return try convolution(transposed(x_BCHW))
    case .nearest(let convolution):
      let shape = x_BCHW.shape
      return try convolution(x_BCHW.upsampleNearest2D(outputSize: [2 * shape[2], 2 * shape[3]]))
    case .pixelShuffle(let convolution): return try convolution(x_BCHW).pixelShuffle(upscaleFactor: 2)
    }
  }

  func outputSide(_ side: Int) -> Int {
    switch self {
    case .stridedConvolution(let convolution): convolution.outputSide(side)
    default: 2 * side
    }
  }

  func flops(side: Int) -> Int {
    switch self {
    case .stridedConvolution(let convolution), .pixelShuffle(let convolution): convolution.flops(side: side)
    case .transposedConvolution(let transposed, let convolution):
      transposed.flops(side: side) + convolution.flops(side: 2 * side)
    case .nearest(let convolution): convolution.flops(side: 2 * side)
    }
  }
}
