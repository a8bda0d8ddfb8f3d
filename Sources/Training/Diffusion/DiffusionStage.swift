import Diffusion
import Foundation
import Models
import RadiographModels
import Support
import Torch
import TorchNN

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// The second stage: a U-Net that turns noise into latents, told by a text what they should show.
struct DiffusionStage: TrainingStage {
  let recipe: DiffusionRecipe
  private let process: DiffusionProcess
  private let unet: UNet
  private let projection: TextProjection
  private let model: ModelState
  private let training: DiffusionExamples
  private let validation: DiffusionExamples
  /// The examples that validation looks at.
  private let validated: [Int]
  private let pictures: SamplePictures
  private let randomness: TrainingRandomness
  private let device: Device
  private var order: BatchOrder

  var totalSteps: Int { recipe.steps }
  var imagesPerStep: Int { recipe.batchSize * recipe.accumulation }
  var imagesPerEpoch: Int { training.count }

  init(
    _ recipe: DiffusionRecipe, architecture: ModelArchitecture, training: DiffusionExamples,
    validation: DiffusionExamples, validated: [Int], pictures: SamplePictures, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    self.device = device
    self.training = training
    self.validation = validation
    self.validated = validated
    self.pictures = pictures
    randomness = TrainingRandomness(seed: recipe.seed)
    process = try DiffusionProcess(recipe.scheduler)
    self.order = BatchOrder(
      examples: Array(0..<training.count), batchSize: recipe.batchSize, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    unet = try UNet(store.root["unet"], architecture.unet)
    projection = try TextProjection(store.root["text"], architecture.textProjection)
    model = try ModelState(
      store, optimizer: .init(beta2: recipe.beta2, weightDecay: recipe.weightDecay, decaysVectors: false),
      emaDecay: recipe.emaDecay)
  }

  mutating func step(_ step: Int) throws -> [String: Double] {
    var total = 0.0
    for part in 0..<recipe.accumulation {
      let number = step * recipe.accumulation + part
      let examples = try order.batch(at: number)
      let batch = try training.batch(examples, choosingTextWith: randomness.generator(.crop, step: number))
      let loss = try loss(
        of: batch, generator: randomness.generator(.noise, step: number),
        promptDropout: recipe.promptDropout, dropout: randomness.generator(.dropout, step: number))
      let value = try loss.item()
      try NotFinite.require(value, .loss)
      try (loss / Double(recipe.accumulation)).backward()
      total += value / Double(recipe.accumulation)
    }
    let learningRate = recipe.learningRates.rate(at: step)
    let norm = try model.update(learningRate: learningRate, gradientClip: recipe.gradientClip)
    return ["loss": total, "gradient_norm": norm, "learning_rate": learningRate]
  }

  /// The loss of one batch; times, noise and dropped prompts come from `generator`.
  private func loss(
    of batch: DiffusionExamples.Batch, generator: Generator, promptDropout: Double, dropout: Generator?
  ) throws -> Tensor {
    let count = batch.latent_BCHW.shape[0]
    let times = try process.drawTimes(count, from: recipe.times, generator: generator)
    let noise_BCHW = try Tensor.randn(batch.latent_BCHW.shape, generator: generator, device: device)
    let noisy_BCHW = try process.addNoise(clean: batch.latent_BCHW, noise: noise_BCHW, times: times)
    let target_BCHW = try process.target(clean: batch.latent_BCHW, noise: noise_BCHW, times: times)
    let isNull_B = try Tensor.rand([count], generator: generator, device: device).lt(other: promptDropout)
    let times_B = try Tensor(times.map { Float(process.configuration.networkTime($0)) }).to(device)
    let output_BCHW = try withPrecision(recipe.precision, on: device) {
      let text = try projection.replacing(
        projection(batch.hidden_BSD, mask_BS: batch.mask_BS), whereNull: isNull_B)
      return try unet(
        noisy_BCHW.contiguous(memoryFormat: .channelsLast), times_B: times_B, text: text, dropout: dropout)
    }
    return try process.loss(output: output_BCHW, target: target_BCHW, times: times, weighting: recipe.weighting)
  }

  /// The same images, texts, times and noise at every validation, so that losses can be compared.
  func validate() throws -> [String: Double] {
    try model.average.withAveragedWeights {
      var means = RunningMeans()
      for (index, begin) in stride(from: 0, to: validated.count, by: 32).enumerated() {
        let examples = Array(validated[begin..<min(begin + 32, validated.count)])
        let batch = try validation.batch(examples, choosingTextWith: nil)
        let generator = try randomness.generator(.validation, step: index)
        means.add(["loss": try loss(of: batch, generator: generator, promptDropout: 0, dropout: nil).item()])
      }
      return means.take()
    }
  }

  func state() throws -> StageState { try model.state() }

  mutating func restore(_ state: StageState) throws { try model.restore(state) }

  func weights() throws -> [String: Tensor] { model.average.state() }

  func writeSamples(to picture: URL) throws {
    try model.average.withAveragedWeights {
      try AtomicFile.write(pictures.draw(unet, projection).pngBytes(), to: picture.path)
    }
  }
}
