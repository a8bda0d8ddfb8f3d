import Foundation
import Models
import RunRecords
import Support
import Torch

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// The second stage: a U-Net that turns noise into latents that fit a text.
struct DiffusionObjective: Objective {
  private let loss: DiffusionLoss
  private let training: DiffusionExamples
  private let validation: DiffusionExamples
  /// The examples that validation looks at.
  private let validated: [Int]
  private let pictures: SamplePictures
  private let randomness: TrainingRandomness
  private let order: EpochOrder

  var recipe: DiffusionRecipe { loss.recipe }
  var trained: [TrainedWeights] { [loss.trained] }
  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.count }

  let description = StageDescription(
    name: TrainingStageName.diffusion.rawValue, title: "Diffusion model",
    // The columns of the article's table 2; `SampleDistances` are its last.
    columns: [
      StageColumn("Training loss", .training, .loss), StageColumn("Validation loss", .validation, .loss),
      StageColumn("Learning rate", .training, .learningRate),
    ], sheetRows: SamplePictures.prompts)

  init(
    _ loss: DiffusionLoss, training: DiffusionExamples, validation: DiffusionExamples, validated: [Int],
    pictures: SamplePictures
  ) {
    self.loss = loss
    self.training = training
    self.validation = validation
    self.validated = validated
    self.pictures = pictures
    randomness = TrainingRandomness(seed: loss.recipe.seed)
    order = EpochOrder(of: training.count, randomness: randomness)
  }

  func batch(_ slice: BatchSlice) throws -> DiffusionLoss.Batch {
    let examples = try training.batch(
      order.examples(of: slice), slice, choosingTextWith: randomness.generator(.crop, step: slice.step))
    var (batch, noise_BCHW) = try batch(
      examples, slice, generator: randomness.generator(.noise, step: slice.step), promptDropout: recipe.promptDropout)
    if recipe.contrastiveWeight > 0 {
      // The next row of the step for each of the slice, whichever slice has it.
      batch.others = (
        try training.latents(order.examples(of: slice, rows: slice.nextRows)),
        try noise_BCHW.indexSelect(dim: 0, index: Tensor(indices: slice.nextRows).to(loss.device))
      )
    }
    return batch
  }

  /// - Parameter generator: Draws times, noise and dropped prompts, for all rows of the step.
  /// - Returns: the slice's rows, and the noise of all rows of the step.
  private func batch(
    _ examples: DiffusionExamples.Batch, _ slice: BatchSlice, generator: Generator, promptDropout: Double
  ) throws -> (DiffusionLoss.Batch, noise_BCHW: Tensor) {
    let times = try loss.process.drawTimes(slice.batchSize, from: recipe.times, generator: generator)
    let noise_BCHW = try slice.noiseOfStep(like: examples.latent_BCHW, generator: generator)
    let isNull_B = try slice.rows(of: Tensor.rand([slice.batchSize], generator: generator, device: loss.device))
      .lt(other: promptDropout)
    let batch = DiffusionLoss.Batch(
      latent_BCHW: examples.latent_BCHW, hidden_BSD: examples.text.hidden_BSD, mask_BS: examples.text.mask_BS,
      noise_BCHW: try slice.rows(of: noise_BCHW), times: Array(times[slice.rows]), isNull_B: isNull_B)
    return (batch, noise_BCHW)
  }

  func losses(of batch: DiffusionLoss.Batch, _ slice: BatchSlice) throws -> [Loss] {
    [Loss(value: try loss(batch, dropout: randomness.generators(.dropout, of: slice)))]
  }

  /// The same images, texts, times and noise at every validation, so that losses can be compared.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    for (index, chosen) in share.batches(of: validated, size: 32) {
      let slice = BatchSlice(step: 0, batchSize: chosen.count, rows: 0..<chosen.count)
      let (batch, _) = try batch(
        validation.batch(chosen, slice, choosingTextWith: nil), slice,
        generator: randomness.generator(.validation, step: index), promptDropout: 0)
      means.add([.loss: try loss(batch, dropout: nil).item()])
    }
    return means
  }

  func writeSamples(to picture: URL) throws {
    try AtomicFile.write(pictures.draw(loss.unet, loss.projection).pngBytes(), to: picture.path)
  }
}
