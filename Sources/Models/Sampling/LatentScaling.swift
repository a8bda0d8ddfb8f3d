import Torch

// B batch, C channels, H height, W width

/// Between the autoencoder's latents and those that diffusion sees, which have mean 0 and variance 1 over the training
/// data in every channel.
public struct LatentScaling {
  private let mean_1C11: Tensor
  private let deviation_1C11: Tensor

  /// - Throws: `TorchError` if the device is not there or memory runs out.
  public init(_ statistics: LatentStatistics, device: Device) throws {
    func column(_ values: [Double]) throws -> Tensor {
      try Tensor(values.map(Float.init), shape: [1, values.count, 1, 1]).to(device)
    }
    mean_1C11 = try column(statistics.mean)
    deviation_1C11 = try column(statistics.standardDeviation)
  }

  /// Diffusion's latents of the autoencoder's: (latent - mean) / deviation.
  ///
  /// - Throws: `TorchError` if the latent has another number of channels.
  public func normalised(_ latent_BCHW: Tensor) throws -> Tensor { try (latent_BCHW - mean_1C11) / deviation_1C11 }

  /// The autoencoder's latents of diffusion's, the inverse of ``normalised(_:)``.
  ///
  /// - Throws: `TorchError` if the latent has another number of channels.
  public func denormalised(_ latent_BCHW: Tensor) throws -> Tensor { try latent_BCHW * deviation_1C11 + mean_1C11 }
}
