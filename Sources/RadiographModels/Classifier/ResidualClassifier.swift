import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// A small residual network (He et al., 2016) with group normalisation, so that a batch may be divided: a convolution that
/// halves the image, then a residual block, four times.
struct ResidualClassifier: LabelNetwork {
  private static let widths = [24, 48, 96, 128]

  private struct Stage {
    let convolution: Conv2d
    let norm: GroupNorm
    let block: (Conv2d, GroupNorm, Conv2d, GroupNorm)

    func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
      let x = try norm.silu(convolution(x_BCHW))
      let y = try block.3(block.2(block.1.silu(block.0(x))))
      return try (x + y).silu()
    }
  }

  private let stages: [Stage]
  private let output: Linear

  init(_ scope: ParameterScope, labels: Int) throws {
    func norm(_ scope: ParameterScope, _ channels: Int) throws -> GroupNorm {
      try GroupNorm(scope, groups: 8, channels: channels)
    }
    stages = try Self.widths.enumerated().map { index, width in
      let place = scope["stages", index]
      let inputs = index == 0 ? 1 : Self.widths[index - 1]
      return Stage(
        convolution: try Conv2d(
          place["convolution"], inputs, width, kernel: index == 0 ? 5 : 3, stride: 2, bias: false),
        norm: try norm(place["norm"], width),
        block: (
          try Conv2d(place["convolution1"], width, width, bias: false), try norm(place["norm1"], width),
          try Conv2d(place["convolution2"], width, width, bias: false), try norm(place["norm2"], width)
        ))
    }
    output = try Linear(scope["output"], Self.widths[Self.widths.count - 1], labels)
  }

  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor] {
    var x = image_B1HW
    return try stages.map { stage in
      x = try stage(x)
      return x
    }
  }

  func logits(means_BC: Tensor) throws -> Tensor { try output(means_BC) }
}
