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
    let block: ClassifierBlock

    func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor { try block(norm.silu(convolution(x_BCHW))) }
  }

  private let stages: [Stage]

  /// - Throws: `ParameterError`, `TorchError`.
  init(_ scope: ParameterScope) throws {
    stages = try Self.widths.enumerated().map { index, width in
      let place = scope["stages", index]
      let inputs = index == 0 ? 1 : Self.widths[index - 1]
      return Stage(
        convolution: try Conv2d(
          place["convolution"], inputs, width, kernel: index == 0 ? 5 : 3, stride: 2, bias: false),
        norm: try GroupNorm(place["norm"], groups: ClassifierBlock.groups, channels: width),
        block: try ClassifierBlock(place, channels: width))
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
