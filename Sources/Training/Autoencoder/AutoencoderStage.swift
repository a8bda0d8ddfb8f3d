import Foundation
import ImageFiles
import RadiographData
import RadiographModels
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The first stage: an autoencoder between radiographs and latents.
struct AutoencoderStage: TrainingStage {
  let recipe: AutoencoderRecipe
  let autoencoder: Autoencoder
  private let model: ModelState
  private let training: PixelBatches
  private let validation: PixelBatches
  private let similarity: DifferentiableSimilarity
  private let randomness: TrainingRandomness
  private let device: Device
  private var order: BatchOrder
  /// The images that validation looks at.
  private let validated: [Int]

  var totalSteps: Int { recipe.steps }
  var imagesPerStep: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.records.count }

  init(
    _ recipe: AutoencoderRecipe, architecture: AutoencoderArchitecture, data: StageData, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    self.device = device
    randomness = TrainingRandomness(seed: recipe.seed)
    (training, validation, validated) = (data.training, data.validation, data.validated)
    similarity = try DifferentiableSimilarity(device: device)
    order = BatchOrder(
      examples: Array(training.records.indices), batchSize: recipe.batchSize, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    autoencoder = try Autoencoder(store.root, architecture)
    model = try ModelState(
      store, optimizer: .init(beta2: recipe.beta2, weightDecay: recipe.weightDecay), emaDecay: recipe.emaDecay)
  }

  mutating func step(_ step: Int) throws -> [String: Double] {
    let size = min(recipe.cropSize, training.dataset.imageSize)
    let image_BCHW = try training.randomCrops(
      order.batch(at: step), size: size, mirror: recipe.mirror, generator: randomness.generator(.crop, step: step))
    let latent = try withPrecision(recipe.precision, on: device) { try autoencoder.encode(image_BCHW) }
    let noise_BCHW = try Tensor.randn(
      latent.mean_BCHW.shape, generator: randomness.generator(.noise, step: step), device: device)
    let latent_BCHW = try latent.sample(noise_BCHW: noise_BCHW)
    let decoded_BCHW = try withPrecision(recipe.precision, on: device) { try autoencoder.decode(latent_BCHW) }.to(
      .float32)

    let reconstruction = try reconstructionLoss(decoded_BCHW, image_BCHW)
    let divergence = try latent.divergence()
    var loss = try reconstruction + divergence * recipe.klWeight
    var losses = ["reconstruction": try reconstruction.item(), "kl": try divergence.item()]
    if recipe.ssimWeight > 0 {
      let ssim = try similarity(decoded_BCHW, image_BCHW)
      loss = try loss + (1.0 - ssim) * recipe.ssimWeight
      losses["ssim"] = try ssim.item()
    }
    losses["loss"] = try loss.item()
    try NotFinite.require(losses["loss"] ?? .nan, .loss)
    try loss.backward()
    let learningRate = recipe.learningRates.rate(at: step)
    losses["gradient_norm"] = try model.update(learningRate: learningRate, gradientClip: recipe.gradientClip)
    losses["learning_rate"] = learningRate
    return losses
  }

  private func reconstructionLoss(_ decoded_BCHW: Tensor, _ image_BCHW: Tensor) throws -> Tensor {
    switch recipe.reconstruction {
    case .l1: try decoded_BCHW.l1Loss(target: image_BCHW)
    case .mse: try decoded_BCHW.mseLoss(target: image_BCHW)
    }
  }

  func validate() throws -> [String: Double] {
    try model.average.withAveragedWeights {
      var means = RunningMeans()
      for start in stride(from: 0, to: validated.count, by: 8) {
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
            "psnr": 10 * log10(4 / max(squaredError, 1e-12)), "ssim": ssim, "mse": squaredError,
            "kl": try latent.divergence().item(),
            "loss": try reconstructionLoss(a, b).item() + recipe.ssimWeight * (1 - ssim),
          ])
        }
      }
      return means.take()
    }
  }

  func state() throws -> StageState { try model.state() }

  mutating func restore(_ state: StageState) throws { try model.restore(state) }

  func weights() throws -> [String: Tensor] { model.average.state() }

  /// Validation images above what the autoencoder makes of them.
  func writeSamples(to picture: URL) throws {
    try model.average.withAveragedWeights {
      let image_BCHW = try validation.images(validated.prefix(6))
      let decoded_BCHW = try autoencoder.decode(autoencoder.encode(image_BCHW).mean_BCHW)
      try ContactSheet(rows: [image_BCHW, decoded_BCHW]).write(to: picture)
    }
  }
}
