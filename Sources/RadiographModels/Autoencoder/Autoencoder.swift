import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The variational autoencoder between images and latents (Kingma and Welling, 2014; Rombach et al., 2022, section
/// 3.1): one implementation for every ``AutoencoderArchitecture``.
public struct Autoencoder {
  public let architecture: AutoencoderArchitecture
  let encoder: LayerStack
  let decoder: LayerStack

  /// Takes the parameters `encoder.N...` and `decoder.N...`, N being the place in the list of layers.
  ///
  /// - Throws: ``ArchitectureError`` if the layers do not fit together; `ParameterError`; `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: AutoencoderArchitecture) throws {
    try ArchitectureError.check(architecture)
    self.architecture = architecture
    encoder = try LayerStack(
      scope["encoder"], architecture.encoder, inputs: architecture.imageChannels, architecture)
    decoder = try LayerStack(
      scope["decoder"], architecture.decoder, inputs: architecture.latentChannels, architecture)
    try ArchitectureError.require(
      encoder.outputs == 2 * architecture.latentChannels,
      "the encoder ends with \(encoder.outputs) channels: end it with twice the latent's, "
        + "\(2 * architecture.latentChannels)")
    try ArchitectureError.require(
      decoder.outputs == architecture.imageChannels,
      "the decoder ends with \(decoder.outputs) channels: end it with the image's, \(architecture.imageChannels)")
  }

  /// The distribution of the latent of each image.
  ///
  /// - Parameters:
  ///   - image_BCHW: grey values in [-1, 1]; height and width multiples of the downsampling factor.
  ///   - checkpointing: which layers the backward pass computes again instead of keeping their results.
  /// - Throws: `TorchError` if the shape does not fit the architecture, or memory runs out.
  public func encode(_ image_BCHW: Tensor, checkpointing: CheckpointingPolicy = .none) throws -> LatentDistribution {
    let halves = try encoder(image_BCHW, checkpointing: checkpointing).chunk(chunks: 2, dim: 1)
    return LatentDistribution(mean_BCHW: halves[0], logVariance_BCHW: halves[1])
  }

  /// The image of each latent, near [-1, 1] and not clamped.
  ///
  /// - Throws: `TorchError` if the shape does not fit the architecture, or memory runs out.
  public func decode(_ latent_BCHW: Tensor, checkpointing: CheckpointingPolicy = .none) throws -> Tensor {
    try decoder(latent_BCHW, checkpointing: checkpointing)
  }

  /// What the layers inside the decoder make of a latent, from the latent's side on: features to compare images by.
  ///
  /// - Throws: `TorchError` if the shape does not fit the architecture, or memory runs out.
  public func decoderFeatures(_ latent_BCHW: Tensor) throws -> [Tensor] { try decoder.features(latent_BCHW) }

  /// Floating-point operations to encode one square image.
  public func encoderFlops(imageSide: Int) -> Int { encoder.flops(side: imageSide) }

  /// Floating-point operations to decode one square latent.
  public func decoderFlops(latentSide: Int) -> Int { decoder.flops(side: latentSide) }
}

/// A normal distribution with another mean and variance for every element of a latent.
public struct LatentDistribution {
  public let mean_BCHW: Tensor
  public let logVariance_BCHW: Tensor

  public init(mean_BCHW: Tensor, logVariance_BCHW: Tensor) {
    self.mean_BCHW = mean_BCHW
    self.logVariance_BCHW = logVariance_BCHW
  }

  /// Draws a latent: `mean + exp(logVariance / 2) * noise`, with gradients to both (Kingma and Welling, 2014,
  /// section 2.4).
  ///
  /// - Parameter noise_BCHW: standard normal noise of the mean's shape.
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sample(noise_BCHW: Tensor) throws -> Tensor {
    let deviation = try (clampedLogVariance() * 0.5).exp()
    return try mean_BCHW + deviation * noise_BCHW
  }

  /// The divergence from the standard normal, `(mean^2 + variance - 1 - logVariance) / 2`, averaged over elements.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func divergence() throws -> Tensor {
    let logVariance = try clampedLogVariance()
    return try ((mean_BCHW.square() + logVariance.exp() - 1 - logVariance) * 0.5).mean()
  }

  /// The exponential of a log variance beyond this range over- or underflows.
  private func clampedLogVariance() throws -> Tensor { try logVariance_BCHW.clamp(min: -30, max: 20) }
}
