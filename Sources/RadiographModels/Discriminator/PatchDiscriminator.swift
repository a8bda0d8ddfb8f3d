import Torch
import TorchNN

// B batch, C channels, H height, W width

/// A network that says of every patch of an image whether it looks real (Isola et al., 2017, "PatchGAN"), as latent
/// diffusion's autoencoders are trained against. Where that has batch normalisation, group normalisation: what is said of
/// an image does not depend on the others of its batch.
public struct PatchDiscriminator {
  private let convolutions: [Conv2d]
  private let norms: [GroupNorm]

  /// - Parameters:
  ///   - width: The channels of the first layer, a multiple of 8; they double with each layer, up to eight times as many.
  ///   - layers: How often the image is halved.
  /// - Throws: `ArchitectureError`, `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, channels: Int = 1, width: Int = 64, layers: Int = 3) throws {
    try ArchitectureError.requireDivisible(width, by: 8, "channels", "normalisation groups")
    let rule = Initialisation.normal(standardDeviation: 0.02)
    let widths = (0...layers).map { width * min(1 << $0, 8) }
    var convolutions: [Conv2d] = []
    var norms: [GroupNorm] = []
    var inputs = channels
    for (index, outputs) in (widths + [1]).enumerated() {
      let (isFirst, isLast) = (index == 0, index == widths.count)
      convolutions.append(
        try Conv2d(
          scope["convolutions", index], inputs, outputs, kernel: 4, stride: index < layers ? 2 : 1, padding: 1,
          bias: isFirst || isLast, initialisation: rule))
      if !isFirst, !isLast { norms.append(try GroupNorm(scope["norms", index - 1], groups: 8, channels: outputs)) }
      inputs = outputs
    }
    (self.convolutions, self.norms) = (convolutions, norms)
  }

  /// How real each patch looks: above 0 for real.
  ///
  /// - Parameter image_BCHW: Grey values in [-1, 1].
  /// - Returns: `[B, 1, h, w]`.
  /// - Throws: `TorchError` if the image is smaller than a patch or memory runs out.
  public func callAsFunction(_ image_BCHW: Tensor) throws -> Tensor {
    var x = image_BCHW
    for (index, convolution) in convolutions.enumerated() {
      x = try convolution(x)
      if index > 0, index <= norms.count { x = try norms[index - 1](x) }
      if index < convolutions.count - 1 { x = try x.leakyRelu(negativeSlope: 0.2) }
    }
    return x
  }

  /// The side of what is said about a square image; 0 or less for an image that is too small.
  public func outputSide(_ side: Int) -> Int { convolutions.reduce(side) { $1.outputSide($0) } }
}
