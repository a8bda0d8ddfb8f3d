import Diffusion
import Foundation
import Models
import RadiographModels
import RunRecords
import Support
import Torch
import TorchNN

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// The second stage: a U-Net that turns noise into latents that fit a text.
struct DiffusionObjective: Objective {
  let recipe: DiffusionRecipe
  let trained: [TrainedWeights]
  private let process: DiffusionProcess
  private let unet: UNet
  private let projection: TextProjection
  private let training: DiffusionExamples
  private let validation: DiffusionExamples
  /// The examples that validation looks at.
  private let validated: [Int]
  private let pictures: SamplePictures
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.count }

  let description = StageDescription(
    name: TrainingStageName.diffusion.rawValue, title: "Diffusion model",
    // The columns of the article's table 2.
    columns: [
      StageColumn("Training loss", .training, .loss), StageColumn("Validation loss", .validation, .loss),
      StageColumn("Learning rate", .training, .learningRate), StageColumn("FID", .validation, .frechetDistance),
    ], sheetRows: SamplePictures.prompts)

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
    order = EpochOrder(of: training.count, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    unet = try UNet(store.root["unet"], architecture.unet)
    projection = try TextProjection(store.root["text"], architecture.textProjection)
    // What is between the U-Net's first and last convolution; the embedding of the time and the text projection are not.
    let inner = ["unet.down.", "unet.middle.", "unet.up."]
    trained = [
      TrainedWeights(
        store: store, settings: recipe.common, decaysVectors: false,
        isHidden: { parameter in inner.contains { parameter.path.hasPrefix($0) } })
    ]
  }

  /// Latents and texts, with what is drawn for each row.
  struct Batch {
    var examples: DiffusionExamples.Batch
    var noise_BCHW: Tensor
    /// The time of each row.
    var times: [SampleTime]
    /// Whether a row's text is replaced by the null condition.
    var isNull_B: Tensor
  }

  func batch(_ slice: BatchSlice) throws -> Batch {
    let examples = try training.batch(
      order.examples(of: slice), slice, choosingTextWith: randomness.generator(.crop, step: slice.step))
    return try batch(
      examples, slice, generator: randomness.generator(.noise, step: slice.step), promptDropout: recipe.promptDropout)
  }

  /// - Parameter generator: Draws times, noise and dropped prompts, for all rows of the step.
  private func batch(
    _ examples: DiffusionExamples.Batch, _ slice: BatchSlice, generator: Generator, promptDropout: Double
  ) throws -> Batch {
    let times = try process.drawTimes(slice.batchSize, from: recipe.times, generator: generator)
    let noise_BCHW = try slice.noise(like: examples.latent_BCHW, generator: generator)
    let isNull_B = try slice.rows(of: Tensor.rand([slice.batchSize], generator: generator, device: device))
      .lt(other: promptDropout)
    return Batch(examples: examples, noise_BCHW: noise_BCHW, times: Array(times[slice.rows]), isNull_B: isNull_B)
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
    let dropout = try randomness.generators(.dropout, of: slice)
    return [Loss(value: try loss(of: batch, dropout: dropout))]
  }

  /// - Parameter dropout: Draws what is dropped of each row; nil drops nothing.
  private func loss(of batch: Batch, dropout: [Generator]?) throws -> Tensor {
    let latent_BCHW = batch.examples.latent_BCHW
    let noisy_BCHW = try process.addNoise(clean: latent_BCHW, noise: batch.noise_BCHW, times: batch.times)
    let target_BCHW = try process.target(clean: latent_BCHW, noise: batch.noise_BCHW, times: batch.times)
    let times_B = try Tensor(batch.times.map { Float(process.configuration.networkTime($0)) }).to(device)
    let output_BCHW = try withPrecision(recipe.precision, on: device) {
      let text = try projection.replacing(
        projection(batch.examples.hidden_BSD, mask_BS: batch.examples.mask_BS), whereNull: batch.isNull_B)
      return try unet(
        noisy_BCHW.contiguous(memoryFormat: .channelsLast), times_B: times_B, text: text, dropout: dropout,
        checkpointing: recipe.checkpointing)
    }
    return try process.loss(
      output: output_BCHW, target: target_BCHW, times: batch.times, weighting: recipe.weighting)
  }

  /// The same images, texts, times and noise at every validation, so that losses can be compared.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    let starts = Array(stride(from: 0, to: validated.count, by: 32))
    for index in share.indices(of: starts.count) {
      let chosen = Array(validated[starts[index]..<min(starts[index] + 32, validated.count)])
      let slice = BatchSlice(step: 0, batchSize: chosen.count, rows: 0..<chosen.count)
      let batch = try batch(
        validation.batch(chosen, slice, choosingTextWith: nil), slice,
        generator: randomness.generator(.validation, step: index), promptDropout: 0)
      means.add([.loss: try loss(of: batch, dropout: nil).item()])
    }
    return means
  }

  func writeSamples(to picture: URL) throws {
    try AtomicFile.write(pictures.draw(unet, projection).pngBytes(), to: picture.path)
  }
}
