import RadiographModels
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// A discriminator that is trained beside an autoencoder, with the hinge loss (Lim and Ye, 2017, "Geometric GAN"; Isola et
/// al., 2017, for patches). Neither's loss gives the other a gradient.
struct PatchAdversary {
  let weights: TrainedWeights
  private let discriminator: PatchDiscriminator

  /// - Parameter side: The side of the images that it will see.
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` if they are smaller than a patch; `ArchitectureError`,
  ///   `TorchError`.
  init(_ recipe: AutoencoderRecipe, side: Int, generator: Generator, device: Device) throws {
    let store = ParameterStore(generator: generator, device: device, memoryFormat: .channelsLast)
    discriminator = try PatchDiscriminator(
      store.root, width: recipe.discriminatorWidth, layers: recipe.discriminatorLayers)
    guard discriminator.outputSide(side) > 0 else {
      throw TrainingError.invalidSetting(
        key: "discriminatorLayers", value: "\(recipe.discriminatorLayers)",
        remedy: "give fewer: crops of \(side) pixels are smaller than a patch")
    }
    var weights = TrainedWeights(store, recipe.common)
    weights.prefix = "discriminator."
    self.weights = weights
  }

  /// The autoencoder's loss by the discriminator, -mean D(decoded), with gradients to the images alone.
  func verdict(on decoded_BCHW: Tensor) throws -> Tensor {
    try weights.store.withConstantValues { try -discriminator(decoded_BCHW).to(.float32).mean() }
  }

  /// The discriminator's own loss: (mean max(0, 1 - D(real)) + mean max(0, 1 + D(decoded))) / 2.
  func loss(real_BCHW: Tensor, decoded_BCHW: Tensor) throws -> Tensor {
    let real = try (1.0 - discriminator(real_BCHW).to(.float32)).relu().mean()
    let decoded = try (discriminator(decoded_BCHW.detach()).to(.float32) + 1.0).relu().mean()
    return try (real + decoded) * 0.5
  }
}
