import Diffusion
import Foundation
import Models
import RadiographModels
import RunRecords
import Support
import Torch
import TorchNN

// N examples, B batch, C latent channels, H height, W width

/// A student that learns from a trained diffusion model, its teacher.
struct DistillationObjective: Objective {
  /// What a student learns from.
  struct Examples {
    var latents: DiffusionExamples
    /// The noise that each latent was made of; nil for latents of images, to which noise is drawn.
    var noise_NCHW: Tensor?
  }

  let recipe: DistillationRecipe
  let trained: [TrainedWeights]
  private let process: DiffusionProcess
  private let guidance: ClassifierFreeGuidance
  private let networks: TeacherAndStudent
  private let training: Examples
  private let validation: Examples
  private let validated: [Int]
  private let pictures: SamplePictures
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { training.latents.count }

  let description = StageDescription(
    name: TrainingStageName.distillation.rawValue, title: "Distilled model",
    columns: [
      StageColumn("Training loss", .training, .loss), StageColumn("Validation loss", .validation, .loss),
      StageColumn("Learning rate", .training, .learningRate),
    ], sheetRows: SamplePictures.prompts)

  init(
    _ recipe: DistillationRecipe, teacher: Teacher, training: Examples, validation: Examples, validated: [Int],
    pictures: SamplePictures, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    self.device = device
    (self.training, self.validation, self.validated, self.pictures) = (training, validation, validated, pictures)
    randomness = TrainingRandomness(seed: recipe.seed)
    process = try DiffusionProcess(teacher.description.scheduler)
    guidance = try recipe.own.teacherSampling(teacher.description.sampling).classifierFreeGuidance()
    order = EpochOrder(of: training.latents.count, randomness: randomness)
    networks = try TeacherAndStudent(teacher, device: device)
    trained = [TrainedWeights(denoiser: networks.store, recipe.common)]
  }

  /// Latents and texts, with noise and time of each row.
  struct Batch {
    var examples: DiffusionExamples.Batch
    var noise_BCHW: Tensor
    var times: [SampleTime]
  }

  func batch(_ slice: BatchSlice) throws -> Batch {
    let texts = training.noise_NCHW == nil ? try randomness.generator(.crop, step: slice.step) : nil
    return try batch(
      order.examples(of: slice), slice, of: training, choosingTextWith: texts,
      generator: randomness.generator(.noise, step: slice.step))
  }

  private func batch(
    _ chosen: [Int], _ slice: BatchSlice, of part: Examples, choosingTextWith texts: Generator?, generator: Generator
  ) throws -> Batch {
    let examples = try part.latents.batch(chosen, slice, choosingTextWith: texts)
    let times = try process.drawTimes(slice.batchSize, from: recipe.times, generator: generator)
    let noise_BCHW =
      try part.noise_NCHW.map { try $0.indexSelect(dim: 0, index: Tensor(indices: chosen)).to(device) }
      ?? slice.noise(like: examples.latent_BCHW, generator: generator)
    return Batch(examples: examples, noise_BCHW: noise_BCHW, times: Array(times[slice.rows]))
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
    [Loss(value: try loss(of: batch, dropout: randomness.generators(.dropout, of: slice)))]
  }

  private func loss(of batch: Batch, dropout: [Generator]?) throws -> Tensor {
    let (clean, noise, times) = (batch.examples.latent_BCHW, batch.noise_BCHW, batch.times)
    let noisy_BCHW = try process.addNoise(clean: clean, noise: noise, times: times)
      .contiguous(memoryFormat: .channelsLast)
    let target_BCHW =
      switch recipe.method {
      case .reflow: try process.target(clean: clean, noise: noise, times: times)
      case .guidance: try guided(noisy_BCHW, batch)
      case .reward: preconditionFailure("of RewardObjective")
      }
    let output_BCHW = try withPrecision(recipe.precision, on: device) {
      try networks.student.unet(
        noisy_BCHW, times_B: networks.networkTimes(times),
        text: networks.student.text(batch.examples.text.hidden_BSD, mask_BS: batch.examples.text.mask_BS),
        dropout: dropout, checkpointing: recipe.checkpointing)
    }
    return try process.loss(output: output_BCHW, target: target_BCHW, times: times)
  }

  /// The teacher's output, with its guidance in the rows at whose times that acts.
  func guided(_ noisy_BCHW: Tensor, _ batch: Batch) throws -> Tensor {
    try withoutGradients {
      let teacher = networks.teacher
      func answer(_ noisy_BCHW: Tensor, _ times: [SampleTime], to text: TextCondition) throws -> Tensor {
        try teacher.unet(noisy_BCHW, times_B: networks.networkTimes(times), text: text).to(.float32)
      }
      func condition(_ text: DiffusionExamples.Text) throws -> TextCondition {
        try teacher.text(text.hidden_BSD, mask_BS: text.mask_BS)
      }
      let (text, conditional_BCHW) = try withPrecision(recipe.precision, on: device) {
        let text = try condition(batch.examples.text)
        return (text, try answer(noisy_BCHW, batch.times, to: text))
      }
      let rows = batch.times.indices
      let active = rows.filter { guidance.isActive(at: batch.times[$0]) }
      guard !active.isEmpty else { return conditional_BCHW }
      // What guidance leads away from costs most of a step, and is asked only where guidance acts.
      func select(_ tensor: Tensor, _ rows: [Int]) throws -> Tensor {
        try tensor.indexSelect(dim: 0, index: Tensor(indices: rows).to(tensor.device))
      }
      let negatives = try withPrecision(recipe.precision, on: device) {
        let noisy_ACHW = try select(noisy_BCHW, active).contiguous(memoryFormat: .channelsLast)
        let times = active.map { batch.times[$0] }
        let null = try teacher.text.null(count: active.count, tokens: text.context_BSC.shape[1])
        let texts = try batch.examples.negatives.map {
          try condition(.init(hidden_BSD: select($0.hidden_BSD, active), mask_BS: select($0.mask_BS, active)))
        }
        return try ([null] + texts).map { try answer(noisy_ACHW, times, to: $0) }
      }
      let guided_ACHW = try guidance.combine(
        conditional: select(conditional_BCHW, active), negatives: negatives)
      guard active.count < rows.count else { return guided_ACHW }
      let others = rows.filter { !guidance.isActive(at: batch.times[$0]) }
      let places = (active + others).enumerated().sorted { $0.element < $1.element }.map(\.offset)
      return try select(Tensor.cat([guided_ACHW, select(conditional_BCHW, others)]), places)
    }
  }

  /// The same latents, texts, times and noise at every validation, so that losses can be compared.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    for (index, chosen) in share.batches(of: validated, size: 32) {
      let slice = BatchSlice(step: 0, batchSize: chosen.count, rows: 0..<chosen.count)
      let batch = try batch(
        chosen, slice, of: validation, choosingTextWith: nil,
        generator: randomness.generator(.validation, step: index))
      means.add([.loss: try loss(of: batch, dropout: nil).item()])
    }
    return means
  }

  func writeSamples(to picture: URL) throws {
    try networks.writeSamples(pictures, to: picture)
  }
}
