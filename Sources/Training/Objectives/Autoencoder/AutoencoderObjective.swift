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
  private let perceptual: PerceptualTerm?
  private let adversary: PatchAdversary?
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder
  /// The images that validation looks at.
  private let validated: [Int]

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.records.count }

  var description: StageDescription {
    var description = Self.description
    let terms: [(Double, StageColumn)] = [
      (recipe.equivarianceWeight, StageColumn("Error of transformed latents", .training, .equivariance)),
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
    self.recipe = recipe
    self.device = device
    randomness = TrainingRandomness(seed: recipe.seed)
    (training, validation, validated) = (data.training, data.validation, data.validated)
    similarity = try DifferentiableSimilarity(device: device)
    order = EpochOrder(of: training.records.count, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    autoencoder = try Autoencoder(store.root, architecture)
    let adversary = try Self.adversary(recipe, imageSize: training.dataset.imageSize, device: device)
    trained = [TrainedWeights(store, recipe.common)] + (adversary.map { [$0.weights] } ?? [])
    self.adversary = adversary
    perceptual =
      recipe.perceptualWeight > 0
      ? try PerceptualTerm(recipe.perceptualNetwork, autoencoder: autoencoder, store: store, device: device) : nil
  }

  private static func adversary(
    _ recipe: AutoencoderRecipe, imageSize: Int, device: Device
  ) throws -> PatchAdversary? {
    guard recipe.adversarialWeight > 0 else { return nil }
    // Apart from the autoencoder's, whose weights are the same with and without.
    let generator = try TrainingRandomness(seed: recipe.seed).generator(.initialisation, step: 1)
    return try PatchAdversary(recipe, side: min(recipe.cropSize, imageSize), generator: generator, device: device)
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
    var latent = try withPrecision(recipe.precision, on: device) {
      try autoencoder.encode(image_BCHW, checkpointing: recipe.checkpointing)
    }
    if recipe.precision == .float16 {
      // Squares and exponentials of a latent that has not settled are beyond float16.
      latent = LatentDistribution(
        mean_BCHW: try latent.mean_BCHW.to(.float32), logVariance_BCHW: try latent.logVariance_BCHW.to(.float32))
    }
    let noise_BCHW = try slice.noise(like: latent.mean_BCHW, generator: batch.noise)
    let latent_BCHW = try latent.sample(noise_BCHW: noise_BCHW)
    let decoded_BCHW = try withPrecision(recipe.precision, on: device) {
      try autoencoder.decode(latent_BCHW, checkpointing: recipe.checkpointing)
    }.to(.float32)

    let reconstruction = try reconstructionLoss(decoded_BCHW, image_BCHW)
    let divergence = try latent.divergence()
    var loss = Loss(
      value: try reconstruction + divergence * klWeight(step: slice.step),
      measured: [.reconstruction: reconstruction, .divergence: divergence])
    if recipe.ssimWeight > 0 {
      let ssim = try similarity(decoded_BCHW, image_BCHW)
      loss.value = try loss.value + (1.0 - ssim) * recipe.ssimWeight
      loss.measured[.structuralSimilarity] = ssim
    }
    func add(_ term: Tensor, times weight: Double, as metric: Metric) throws {
      loss.value = try loss.value + term * weight
      loss.measured[metric] = term
    }
    if recipe.equivarianceWeight > 0 {
      try add(
        equivariance(of: latent_BCHW, image_BCHW, slice), times: recipe.equivarianceWeight, as: .equivariance)
    }
    if let perceptual {
      let distance = try withPrecision(recipe.precision, on: device) {
        try perceptual(decoded_BCHW, image_BCHW, latent: latent)
      }
      try add(distance, times: recipe.perceptualWeight, as: .perceptual)
    }
    guard let adversary, slice.step >= recipe.adversarialStart else { return [loss] }
    return try withPrecision(recipe.precision, on: device) {
      try add(adversary.verdict(on: decoded_BCHW), times: recipe.adversarialWeight, as: .adversarial)
      let discriminating = try adversary.loss(real_BCHW: image_BCHW, decoded_BCHW: decoded_BCHW)
      loss.measured[.discriminator] = discriminating
      return [loss, Loss(value: discriminating)]
    }
  }

  /// What KL counts at a step, from 0.
  func klWeight(step: Int) -> Double {
    recipe.klWeight * (recipe.klWarmupSteps > 0 ? min(1, Double(step) / Double(recipe.klWarmupSteps)) : 1)
  }

  /// How far the image of a transformed latent is from the image that is transformed in the same way.
  private func equivariance(of latent_BCHW: Tensor, _ image_BCHW: Tensor, _ slice: BatchSlice) throws -> Tensor {
    let transformation = try LatentTransformation(
      latentSide: latent_BCHW.shape[2], scale: recipe.equivarianceScale,
      generator: randomness.generator(.transformation, step: slice.step))
    let decoded_BCHW = try withPrecision(recipe.precision, on: device) {
      try autoencoder.decode(transformation(latent_BCHW), checkpointing: recipe.checkpointing)
    }.to(.float32)
    let factor = image_BCHW.shape[2] / latent_BCHW.shape[2]
    return try reconstructionLoss(decoded_BCHW, transformation(image_BCHW, factor: factor))
  }

  private func reconstructionLoss(_ decoded_BCHW: Tensor, _ image_BCHW: Tensor) throws -> Tensor {
    switch recipe.reconstruction {
    case .l1: try decoded_BCHW.l1Loss(target: image_BCHW)
    case .mse: try decoded_BCHW.mseLoss(target: image_BCHW)
    }
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
