import Models
import RadiographModels
import RunRecords
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The networks of the first stage, and the losses that they are trained with; no data.
struct AutoencoderLoss {
  let recipe: AutoencoderRecipe
  let autoencoder: Autoencoder
  /// The autoencoder, and the discriminator if there is one.
  let trained: [TrainedWeights]
  let similarity: WindowedSimilarity
  let device: Device
  let randomness: TrainingRandomness
  /// For crops and for whole images; nil without a weight.
  let spectrum: (crops: SpectrumDistance, images: SpectrumDistance)?
  private let perceptual: PerceptualTerm?
  private let adversary: PatchAdversary?

  /// - Parameter imageSide: The side of the square images that crops are taken of.
  init(
    _ recipe: AutoencoderRecipe, architecture: AutoencoderArchitecture, imageSide: Int, device: Device
  ) throws {
    self.recipe = recipe
    self.device = device
    randomness = TrainingRandomness(seed: recipe.seed)
    similarity = WindowedSimilarity(device: device)
    spectrum =
      recipe.spectrumWeight > 0
      ? (
        try SpectrumDistance(side: min(recipe.cropSize, imageSide), device: device),
        try SpectrumDistance(side: imageSide, device: device)
      ) : nil
    let start = recipe.startsFrom.isEmpty ? nil : try StartingWeights.autoencoder(of: recipe.startsFrom)
    let store = try StartingWeights.store(start, seed: recipe.seed, device: device)
    autoencoder = try Autoencoder(store.root, architecture)
    try store.verify()
    if recipe.keepsEncoder { try store.setTrainable(false) { StartingWeights.isEncoder($0.path) } }
    let adversary = try Self.adversary(recipe, imageSize: imageSide, device: device)
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

  /// The losses of each of ``trained`` for some rows of a step.
  ///
  /// - Parameters:
  ///   - image_BCHW: The rows' crops, in [-1, 1].
  ///   - noise: Draws the noise of the latents, for all rows of the step.
  func callAsFunction(_ image_BCHW: Tensor, noise: Generator, _ slice: BatchSlice) throws -> [Loss] {
    var latent = try withPrecision(recipe.precision, on: device) {
      try autoencoder.encode(image_BCHW, checkpointing: recipe.checkpointing)
    }
    if recipe.precision == .float16 {
      // Squares and exponentials of a latent that has not settled are beyond float16.
      latent = LatentDistribution(
        mean_BCHW: try latent.mean_BCHW.to(.float32), logVariance_BCHW: try latent.logVariance_BCHW.to(.float32))
    }
    let noise_BCHW = try slice.noise(like: latent.mean_BCHW, generator: noise)
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
    if let spectrum {
      try add(spectrum.crops(decoded_BCHW, image_BCHW), times: recipe.spectrumWeight, as: .spectrum)
    }
    guard let adversary, slice.step >= recipe.adversarialStart else { return [loss] }
    return try withPrecision(recipe.precision, on: device) {
      try add(adversary.verdict(on: decoded_BCHW), times: recipe.adversarialWeight, as: .adversarial)
      let discriminating = try adversary.loss(real_BCHW: image_BCHW, decoded_BCHW: decoded_BCHW)
      loss.measured[.discriminator] = discriminating
      return [loss, Loss(value: discriminating)]
    }
  }

  /// The weight of KL at a step, which is counted from 0.
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

  /// The distance of decoded images from their originals, as the recipe measures it.
  func reconstructionLoss(_ decoded_BCHW: Tensor, _ image_BCHW: Tensor) throws -> Tensor {
    switch recipe.reconstruction {
    case .l1: try decoded_BCHW.l1Loss(target: image_BCHW)
    case .mse: try decoded_BCHW.mseLoss(target: image_BCHW)
    }
  }
}
