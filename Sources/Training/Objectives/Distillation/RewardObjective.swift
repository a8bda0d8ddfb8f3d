import Diffusion
import Foundation
import Models
import RadiographData
import RadiographModels
import RunRecords
import Support
import Torch
import TorchNN

// B batch, C latent channels, H height, W width

/// A student that draws what texts ask for, and moves to where classifiers see it.
struct RewardObjective: Objective {
  /// The texts of a part, encoded, and what each says.
  struct Texts {
    let prompts: PromptCache
    let wishes: [Wish]
  }

  let recipe: DistillationRecipe
  let trained: [TrainedWeights]
  private let reward: ClassifierReward
  private let networks: TeacherAndStudent
  /// The student with all that makes images of its latents.
  private let model: LoadedModel
  private let sampler: any Sampler
  private let plan: SamplingPlan
  private let training: Texts
  private let validation: Texts
  private let pictures: SamplePictures
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.wishes.count }

  let description = StageDescription(
    name: TrainingStageName.distillation.rawValue, title: "Rewarded model",
    columns: [
      StageColumn("Training loss", .training, .loss), StageColumn("Shortfall", .training, .shortfall),
      StageColumn("Distance from the teacher", .training, .drift), StageColumn("Validation loss", .validation, .loss),
      StageColumn("Shortfall in validation", .validation, .shortfall),
    ], sheetRows: SamplePictures.prompts)

  init(
    _ recipe: DistillationRecipe, teacher: Teacher, reward: ClassifierReward, autoencoder: Autoencoder, training: Texts,
    validation: Texts, pictures: SamplePictures, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    self.device = device
    (self.reward, self.training, self.validation, self.pictures) = (reward, training, validation, pictures)
    randomness = TrainingRandomness(seed: recipe.seed)
    order = EpochOrder(of: training.wishes.count, randomness: randomness)
    networks = try TeacherAndStudent(teacher, device: device)
    trained = [TrainedWeights(denoiser: networks.store, recipe.common)]
    model = try LoadedModel(
      pictures.description, codec: autoencoder, predictor: networks.student.unet, textProjection: networks.student.text,
      textConditioner: nil, device: device, dtype: .float32)
    let sampling = pictures.description.sampling
    sampler = try sampling.sampler.makeSampler(eta: sampling.eta)
    plan = try DiffusionProcess(pictures.description.scheduler).plan(
      steps: sampling.steps, convention: sampler.convention)
  }

  /// Texts, what each says, and the noise that its image is drawn from.
  struct Batch {
    var text: DiffusionExamples.Text
    var asked: [[PromptStatement]]
    var noise_BCHW: Tensor
  }

  func batch(_ slice: BatchSlice) throws -> Batch {
    try batch(
      order.examples(of: slice), slice, of: training, generator: randomness.generator(.noise, step: slice.step))
  }

  private func batch(_ chosen: [Int], _ slice: BatchSlice, of part: Texts, generator: Generator) throws -> Batch {
    let (hidden_BSD, mask_BS) = try part.prompts.batch(chosen.map { (image: $0, text: 0) })
    let latent_BCHW = try Tensor.zeros([chosen.count] + pictures.description.latentShape, device: device)
    return Batch(
      text: .init(hidden_BSD: try hidden_BSD.to(device), mask_BS: try mask_BS.to(device)),
      asked: chosen.map { part.wishes[$0].statements },
      noise_BCHW: try slice.noise(like: latent_BCHW, generator: generator))
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
    let (shortfall, drift) = try measured(batch, freshNoise: randomness.generators(.dropout, of: slice))
    return [
      Loss(
        value: try shortfall + drift * recipe.teacherWeight,
        measured: [.shortfall: try shortfall.detach(), .drift: try drift.detach()])
    ]
  }

  /// What falls short in the images that the student draws, in log odds, and how far its answers on the way are from the
  /// teacher's to the same latents: means over the batch.
  ///
  /// - Parameter generators: The noise of samplers that draw some at each step, a generator a row.
  private func measured(
    _ batch: Batch, freshNoise generators: [Generator]
  ) throws -> (shortfall: Tensor, drift: Tensor) {
    let (teacher, student) = (networks.teacher, networks.student)
    let (text, taught) = try withPrecision(recipe.precision, on: device) {
      (
        try student.text(batch.text.hidden_BSD, mask_BS: batch.text.mask_BS),
        try withoutGradients { try teacher.text(batch.text.hidden_BSD, mask_BS: batch.text.mask_BS) }
      )
    }
    var drift = try Tensor.zeros([], device: device)
    var answers = 0
    let latent_BCHW = try sampler.sample(
      from: SamplerState(plan: plan, noise: batch.noise_BCHW),
      noise: sampler.drawsNoise ? .generators(generators) : nil
    ) { latent_BCHW, time in
      try withPrecision(recipe.precision, on: device) {
        let latent_BCHW = try latent_BCHW.contiguous(memoryFormat: .channelsLast)
        let times_B = try networks.networkTimes(batch.asked.map { _ in time })
        let answer_BCHW = try student.unet(
          latent_BCHW, times_B: times_B, text: text, checkpointing: recipe.checkpointing)
        let taught_BCHW = try withoutGradients {
          try teacher.unet(latent_BCHW.detach(), times_B: times_B, text: taught).to(.float32)
        }
        answers += 1
        drift = try drift + (answer_BCHW.to(.float32) - taught_BCHW).square().mean()
        return answer_BCHW
      }
    }
    // In single precision, as images are drawn, and as grey values of a file: there is nothing beyond black and white.
    let image_B1HW = try model.decoded(latent_BCHW.to(.float32)).clamp(min: -1, max: 1)
    return (try reward.shortfall(of: image_B1HW, asked: batch.asked).mean(), try drift / Double(answers))
  }

  /// The same texts and noise at every validation, so that losses can be compared.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    for (index, chosen) in share.batches(of: Array(validation.wishes.indices), size: 16) {
      let slice = BatchSlice(step: 0, batchSize: chosen.count, rows: 0..<chosen.count)
      let batch = try batch(
        chosen, slice, of: validation, generator: randomness.generator(.validation, step: index))
      let fresh = try chosen.map { try randomness.generator(.validationChoice, step: $0) }
      let (shortfall, drift) = try measured(batch, freshNoise: fresh)
      means.add([
        .loss: try (shortfall + drift * recipe.teacherWeight).item(), .shortfall: try shortfall.item(),
        .drift: try drift.item(),
      ])
    }
    return means
  }

  func writeSamples(to picture: URL) throws {
    try networks.writeSamples(pictures, to: picture)
  }
}
