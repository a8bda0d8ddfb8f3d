import Foundation
import ImageFiles
import Models
import RadiographData
import RadiographModels
import RunRecords
import Torch

// B batch, C channels, H height, W width

/// The first stage: an autoencoder between radiographs and latents.
struct AutoencoderObjective: Objective {
  let loss: AutoencoderLoss
  private let training: PixelBatches
  private let validation: PixelBatches
  private let order: EpochOrder
  /// The images that validation looks at.
  private let validated: [Int]

  var recipe: AutoencoderRecipe { loss.recipe }
  var autoencoder: Autoencoder { loss.autoencoder }
  var trained: [TrainedWeights] { loss.trained }
  private var randomness: TrainingRandomness { loss.randomness }

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.records.count }

  var description: StageDescription {
    var description = Self.description
    let terms: [(Double, StageColumn)] = [
      (recipe.equivarianceWeight, StageColumn("Error of transformed latents", .training, .equivariance)),
      (recipe.spectrumWeight, StageColumn("Distance of spectra", .training, .spectrum)),
      (recipe.perceptualWeight, StageColumn("Perceptual distance", .training, .perceptual)),
      (recipe.adversarialWeight, StageColumn("Adversarial loss", .training, .adversarial)),
    ]
    description.columns += terms.filter { $0.0 > 0 }.map(\.1)
    return description
  }

  private static let description = StageDescription(
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
    (training, validation, validated) = (data.training, data.validation, data.validated)
    loss = try AutoencoderLoss(
      recipe, architecture: architecture, imageSide: training.dataset.imageSize, device: device)
    order = EpochOrder(of: training.records.count, randomness: loss.randomness)
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
    try loss(batch.image_BCHW, noise: batch.noise, slice)
  }

  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    for (_, chosen) in share.batches(of: validated, size: 8) {
      let image_BCHW = try validation.images(chosen)
      let latent = try autoencoder.encode(image_BCHW)
      let decoded_BCHW = try autoencoder.decode(latent.mean_BCHW).clamp(min: -1, max: 1)
      for row in chosen.indices {
        let (a, b) = try (
          decoded_BCHW.narrow(dim: 0, start: row, length: 1), image_BCHW.narrow(dim: 0, start: row, length: 1)
        )
        let squaredError = try a.mseLoss(target: b).item()
        let ssim = try loss.similarity(a, b).item()
        let spectrum = try loss.spectrum?.images(a, b).item()
        if let spectrum { means.add([.spectrum: spectrum]) }
        means.add([
          .peakSignalToNoise: 10 * log10(4 / max(squaredError, 1e-12)), .structuralSimilarity: ssim,
          .meanSquaredError: squaredError, .divergence: try latent.divergence().item(),
          .loss: try loss.reconstructionLoss(a, b).item() + recipe.ssimWeight * (1 - ssim)
            + recipe.spectrumWeight * (spectrum ?? 0),
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
