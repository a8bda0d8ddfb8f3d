import Diffusion
import Models
import RadiographModels
import Torch
import TorchNN

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// The networks of the second stage, and the loss that they are trained with; no data.
struct DiffusionLoss {
  let recipe: DiffusionRecipe
  let process: DiffusionProcess
  let unet: UNet
  let projection: TextProjection
  let trained: TrainedWeights
  let device: Device

  init(_ recipe: DiffusionRecipe, architecture: ModelArchitecture, device: Device) throws {
    self.recipe = recipe
    self.device = device
    process = try DiffusionProcess(recipe.scheduler)
    let start = recipe.startsFrom.isEmpty ? nil : try StartingWeights.denoiser(of: recipe.startsFrom)
    let store = try StartingWeights.store(start, seed: recipe.seed, device: device)
    unet = try UNet(store.root["unet"], architecture.unet)
    projection = try TextProjection(store.root["text"], architecture.textProjection)
    try store.verify()
    trained = TrainedWeights(denoiser: store, recipe.common)
  }

  /// Latents and texts, with what is drawn for each row.
  struct Batch {
    var latent_BCHW: Tensor
    var hidden_BSD: Tensor
    var mask_BS: Tensor
    var noise_BCHW: Tensor
    /// The time of each row.
    var times: [SampleTime]
    /// Whether a row's text is replaced by the null condition.
    var isNull_B: Tensor
    /// Another row of the step for each, if the loss sets the two against each other.
    var others: (clean: Tensor, noise: Tensor)?
  }

  /// The loss of a batch.
  ///
  /// - Parameter dropout: Draws what is dropped of each row; nil drops nothing.
  func callAsFunction(_ batch: Batch, dropout: [Generator]?) throws -> Tensor {
    let noisy_BCHW = try process.addNoise(clean: batch.latent_BCHW, noise: batch.noise_BCHW, times: batch.times)
    let target_BCHW = try process.target(clean: batch.latent_BCHW, noise: batch.noise_BCHW, times: batch.times)
    let times_B = try Tensor(batch.times.map { Float(process.configuration.networkTime($0)) }).to(device)
    let output_BCHW = try withPrecision(recipe.precision, on: device) {
      let text = try projection.replacing(
        projection(batch.hidden_BSD, mask_BS: batch.mask_BS), whereNull: batch.isNull_B)
      return try unet(
        noisy_BCHW.contiguous(memoryFormat: .channelsLast), times_B: times_B, text: text, dropout: dropout,
        checkpointing: recipe.checkpointing)
    }
    if let others = batch.others {
      return try process.contrastiveLoss(
        output: output_BCHW, clean: batch.latent_BCHW, noise: batch.noise_BCHW, times: batch.times, others: others,
        share: recipe.contrastiveWeight, weighting: recipe.weighting)
    }
    return try process.loss(
      output: output_BCHW, target: target_BCHW, times: batch.times, weighting: recipe.weighting)
  }
}
