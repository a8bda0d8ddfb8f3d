import RadiographModels
import Torch

// B batch, C channels, H height, W width

/// A network between images and latents.
public protocol LatentCodec {
  /// The distribution of the latent of each image.
  ///
  /// - Parameter image_BCHW: Grey values in [-1, 1].
  /// - Throws: `TorchError` if the image does not fit the network or memory runs out.
  func encode(_ image_BCHW: Tensor) throws -> LatentDistribution

  /// The image of each latent, near [-1, 1] and not clamped.
  ///
  /// - Throws: `TorchError` if the latent does not fit the network or memory runs out.
  func decode(_ latent_BCHW: Tensor) throws -> Tensor

  /// Floating-point operations to encode one square image.
  func encoderFlops(imageSide: Int) -> Int

  /// Floating-point operations to decode one square latent.
  func decoderFlops(latentSide: Int) -> Int
}

extension Autoencoder: LatentCodec {
  public func encode(_ image_BCHW: Tensor) throws -> LatentDistribution { try encode(image_BCHW, checkpointing: .none) }

  public func decode(_ latent_BCHW: Tensor) throws -> Tensor { try decode(latent_BCHW, checkpointing: .none) }
}
