import Torch
import TorchNN

// B batch, H height, W width

/// What is done to an image before a classifier or a re-identifier: it is brought to the network's side, and loses its own
/// brightness and contrast, which say more of the detector than of the chest.
enum StandardisedRadiograph {
  /// No radiograph is larger, but a file may claim any size.
  static let largestSide = 1 << 13

  /// Images of a side with mean 0 and variance 1, each by itself.
  ///
  /// - Parameter image_B1HW: Square images of grey values in any range and of any size.
  /// - Throws: `TorchError` if memory runs out.
  static func tensor(_ image_B1HW: Tensor, side: Int) throws -> Tensor {
    var x = try image_B1HW.to(.float32)
    // Whole pixels are averaged first: an image that is made smaller loses no detail to chance.
    let factor = x.shape[2] / side
    if factor > 1 { x = try Pooling2d(.average, factor)(x) }
    if x.shape[2] != side { x = try x.upsampleBilinear2D(outputSize: [side, side]) }
    let centred = try x - x.mean(dim: [1, 2, 3], keepdim: true)
    let variance_B111 = try centred.square().mean(dim: [1, 2, 3], keepdim: true)
    return try (centred * (variance_B111 + 1e-8).rsqrt()).contiguous(memoryFormat: .channelsLast)
  }
}
