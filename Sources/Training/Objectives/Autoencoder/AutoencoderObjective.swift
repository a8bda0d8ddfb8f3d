import Foundation
import ImageFiles
import Models
import RadiographData
import RadiographModels
import RunRecords
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The first stage: an autoencoder between radiographs and latents.
struct AutoencoderObjective: Objective {
  let recipe: AutoencoderRecipe
  let autoencoder: Autoencoder
  let trained: [TrainedWeights]
  private let training: PixelBatches
  private let validation: PixelBatches
  private let similarity: DifferentiableSimilarity
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder
  /// The images that validation looks at.
  private let validated: [Int]

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.records.count }

  let description = StageDescription(
    name: TrainingStageName.autoencoder.rawValue, title: "Autoencoder",
    // The columns of the article's table 1.
    columns: [
      StageColumn("Total loss", .training, .loss), StageColumn("Reconstruction loss", .training, .reconstruction),
      StageColumn("KL divergence", .training, .divergence),
      StageColumn("SSIM, training", .training, .structuralSimilarity),
      StageColumn("Validation loss", .validation, .loss),
      StageColumn("SSIM, validation", .validation, .structuralSimilarity),
      StageColumn("PSNR in dB, validation", .validation, .peakSignalToNoise),
    ],
    sheetRows: ["images of the validation part", "what the autoencoder makes of them"])

  init(
    _ recipe: AutoencoderRecipe, architecture: AutoencoderArchitecture, data: StageData, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    self.device = device
    randomness = TrainingRandomness(seed: recipe.seed)
    (training, validation, validated) = (data.training, data.validation, data.validated)
    similarity = try DifferentiableSimilarity(device: device)
    order = EpochOrder(of: training.records.count, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    autoencoder = try Autoencoder(store.root, architecture)
    trained = [TrainedWeights(store, recipe.common)]
  }

  /// Crops, and where the noise of the latents comes from.
  struct Batch {
    var image_BCHW: Tensor
    var noise: Generator
  }

  func batch(_ slice: BatchSlice) throws -> Batch {
    let size = min(recipe.cropSize, training.dataset.imageSize)
    let image_BCHW = try training.randomCrops(
      order.examples(of: slice), slice, size: size, mirror: recipe.mirror,
      generator: randomness.generator(.crop, step: slice.step))
    return Batch(image_BCHW: image_BCHW, noise: try randomness.generator(.noise, step: slice.step))
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
    let image_BCHW = batch.image_BCHW
    let latent = try withPrecision(recipe.precision, on: device) {
      try autoencoder.encode(image_BCHW, checkpointing: recipe.checkpointing)
    }
    let noise_BCHW = try slice.noise(like: latent.mean_BCHW, generator: batch.noise)
    let latent_BCHW = try latent.sample(noise_BCHW: noise_BCHW)
    let decoded_BCHW = try withPrecision(recipe.precision, on: device) {
      try autoencoder.decode(latent_BCHW, checkpointing: recipe.checkpointing)
    }.to(.float32)

    let reconstruction = try reconstructionLoss(decoded_BCHW, image_BCHW)
    let divergence = try latent.divergence()
    var loss = Loss(
      value: try reconstruction + divergence * recipe.klWeight,
      measured: [.reconstruction: reconstruction, .divergence: divergence])
    if recipe.ssimWeight > 0 {
      let ssim = try similarity(decoded_BCHW, image_BCHW)
      loss.value = try loss.value + (1.0 - ssim) * recipe.ssimWeight
      loss.measured[.structuralSimilarity] = ssim
    }
    return [loss]
  }

  private func reconstructionLoss(_ decoded_BCHW: Tensor, _ image_BCHW: Tensor) throws -> Tensor {
    switch recipe.reconstruction {
    case .l1: try decoded_BCHW.l1Loss(target: image_BCHW)
    case .mse: try decoded_BCHW.mseLoss(target: image_BCHW)
    }
  }

  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    let starts = Array(stride(from: 0, to: validated.count, by: 8))
    for start in share.indices(of: starts.count).map({ starts[$0] }) {
      let end = min(start + 8, validated.count)
      let image_BCHW = try validation.images(validated[start..<end])
      let latent = try autoencoder.encode(image_BCHW)
      let decoded_BCHW = try autoencoder.decode(latent.mean_BCHW).clamp(min: -1, max: 1)
      for row in 0..<(end - start) {
        let (a, b) = try (
          decoded_BCHW.narrow(dim: 0, start: row, length: 1), image_BCHW.narrow(dim: 0, start: row, length: 1)
        )
        let squaredError = try a.mseLoss(target: b).item()
        let ssim = try similarity(a, b).item()
        means.add([
          .peakSignalToNoise: 10 * log10(4 / max(squaredError, 1e-12)), .structuralSimilarity: ssim,
          .meanSquaredError: squaredError, .divergence: try latent.divergence().item(),
          .loss: try reconstructionLoss(a, b).item() + recipe.ssimWeight * (1 - ssim),
        ])
      }
    }
    return means
  }

  /// Validation images above what the autoencoder makes of them.
  func writeSamples(to picture: URL) throws {
    let image_BCHW = try validation.images(validated.prefix(6))
    let decoded_BCHW = try autoencoder.decode(autoencoder.encode(image_BCHW).mean_BCHW)
    try ContactSheet(rows: [image_BCHW, decoded_BCHW]).write(to: picture)
  }
}
