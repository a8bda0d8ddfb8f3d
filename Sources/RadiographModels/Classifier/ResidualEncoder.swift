import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The stages of a small residual network (He et al., 2016) with group normalisation, so that a batch may be divided: a
/// convolution that halves the image, then a residual block, four times.
struct ResidualEncoder {
  static let widths = [24, 48, 96, 128]
  /// The channels of the last stage's maps.
  static let channels = widths[widths.count - 1]

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

  /// - Throws: `ParameterError`, `TorchError`.
  init(_ scope: ParameterScope) throws {
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
  }

  /// The maps of each stage.
  func features(_ image_B1HW: Tensor) throws -> [Tensor] {
    var x = image_B1HW
    return try stages.map { stage in
      x = try stage(x)
      return x
    }
  }

  /// The side of a stage's maps, the last one's unless given by its number from 1, for images of a side.
  static func mapSide(_ side: Int, stages: Int = widths.count) -> Int {
    (0..<stages).reduce(side) { side, _ in (side + 1) / 2 }
  }
}
