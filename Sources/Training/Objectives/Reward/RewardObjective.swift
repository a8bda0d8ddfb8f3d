import Foundation
import Models
import RadiographData
import RunRecords
import Torch

/// A student that draws what texts ask for, and moves to where classifiers see it.
struct RewardObjective: Objective {
  let recipe: DistillationRecipe
  let trained: [TrainedWeights]
  private let reward: ClassifierReward
  private let moments: GroupedMoments
  private let drawing: RewardDrawing
  private let training: RewardTexts
  private let validation: RewardTexts
  private let pictures: SamplePictures
  private let randomness: TrainingRandomness
  private let order: EpochOrder

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.wishes.count }
  var remembered: (any Stateful)? { moments }

  let description = StageDescription(
    name: TrainingStageName.distillation.rawValue, title: "Rewarded model",
    columns: [
      StageColumn("Training loss", .training, .loss), StageColumn("Shortfall", .training, .shortfall),
      StageColumn("Distance from the teacher", .training, .drift),
      StageColumn("Distance from real radiographs", .training, .moments),
      StageColumn("Validation loss", .validation, .loss),
      StageColumn("Shortfall in validation", .validation, .shortfall),
    ], sheetRows: SamplePictures.prompts)

  init(
    _ recipe: DistillationRecipe, _ drawing: RewardDrawing, reward: ClassifierReward, moments: GroupedMoments,
    training: RewardTexts, validation: RewardTexts, pictures: SamplePictures
  ) {
    (self.recipe, self.drawing, self.reward, self.moments) = (recipe, drawing, reward, moments)
    (self.training, self.validation, self.pictures) = (training, validation, pictures)
    randomness = TrainingRandomness(seed: recipe.seed)
    order = EpochOrder(of: training.wishes.count, randomness: randomness)
    trained = [TrainedWeights(denoiser: drawing.networks.store, recipe.common)]
  }

  func batch(_ slice: BatchSlice) throws -> RewardTexts.Batch {
    try training.batch(
      order.examples(of: slice), slice, latentShape: drawing.latentShape,
      generator: randomness.generator(.noise, step: slice.step), device: drawing.device)
  }

  func losses(of batch: RewardTexts.Batch, _ slice: BatchSlice) throws -> [Loss] {
    let measured = try measured(batch, slice, freshNoise: { try randomness.generators(.dropout, of: slice) })
    return [
      Loss(
        value: try measured.loss(recipe),
        measured: [
          .shortfall: try measured.shortfall.detach(), .drift: try measured.drift.detach(),
          .moments: try measured.moments.detach(),
        ])
    ]
  }

  /// What is measured of the images that the student draws: means over the batch.
  private struct Measured {
    /// How far they are from what classifiers should say of them, in log odds.
    var shortfall: Tensor
    /// How far the student's answers on the way are from the teacher's to the same latents.
    var drift: Tensor
    /// How far they are from real radiographs, all together, as the batch tells, in training beside the steps before: the mean over
    /// what describes them.
    var moments: Tensor

    func loss(_ recipe: DistillationRecipe) throws -> Tensor {
      try shortfall + drift * recipe.teacherWeight + moments * recipe.momentWeight
    }
  }

  /// Draws a batch and measures it.
  ///
  /// - Parameters:
  ///   - slice: Of a step of training; nil in validation.
  ///   - generators: The noise of samplers that draw some at each step, a generator a row.
  private func measured(
    _ batch: RewardTexts.Batch, _ slice: BatchSlice? = nil, freshNoise generators: () throws -> [Generator]
  ) throws -> Measured {
    let taught = try drawing.teacherText(batch)
    let teacherImage_B1HW = try drawing.teacherImage(batch, taught: taught, freshNoise: generators())
    let before = try withoutGradients { try drawing.judged(teacherImage_B1HW) }
    let (image_B1HW, drift) = try drawing.studentImage(batch, taught: taught, freshNoise: generators())
    let drawn = try drawing.judged(image_B1HW)
    return Measured(
      shortfall: try reward.shortfall(of: drawn.odds, before: before.odds, asked: batch.asked).mean(), drift: drift,
      moments: try moments.distance(
        of: drawn.descriptors, beside: before.descriptors, asked: batch.asked, groups: batch.groups, slice: slice))
  }

  /// The same texts and noise at every validation, so that losses can be compared.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    for (index, chosen) in share.batches(of: Array(validation.wishes.indices), size: 16) {
      let slice = BatchSlice(step: 0, batchSize: chosen.count, rows: 0..<chosen.count)
      let batch = try validation.batch(
        chosen, slice, latentShape: drawing.latentShape, generator: randomness.generator(.validation, step: index),
        device: drawing.device)
      let measured = try measured(
        batch, freshNoise: { try chosen.map { try randomness.generator(.validationChoice, step: $0) } })
      means.add([
        .loss: try measured.loss(recipe).item(), .shortfall: try measured.shortfall.item(),
        .drift: try measured.drift.item(), .moments: try measured.moments.item(),
      ])
    }
    return means
  }

  func writeSamples(to picture: URL) throws {
    try drawing.networks.writeSamples(pictures, to: picture)
  }
}
