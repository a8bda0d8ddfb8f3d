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
    /// Whether each is for a child.
    let isChild: [Bool]
  }

  let recipe: DistillationRecipe
  let trained: [TrainedWeights]
  private var reward: ClassifierReward
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
  private let bands: FrequencyBands
  /// How far the student's images are from real radiographs; nil before ``compare(_:of:with:)``.
  private var moments: GroupedMoments?

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
    _ recipe: DistillationRecipe, teacher: Teacher, reward: ClassifierReward, autoencoder: Autoencoder, training: Texts,
    validation: Texts, pictures: SamplePictures, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    self.device = device
    (self.reward, self.training, self.validation, self.pictures) = (reward, training, validation, pictures)
    randomness = TrainingRandomness(seed: recipe.seed)
    order = EpochOrder(of: training.wishes.count, randomness: randomness)
    networks = try TeacherAndStudent(teacher, device: device)
    bands = try FrequencyBands(side: pictures.description.architecture.imageSide, device: device)
    trained = [TrainedWeights(denoiser: networks.store, recipe.common)]
    model = try LoadedModel(
      pictures.description, codec: autoencoder, predictor: networks.student.unet, textProjection: networks.student.text,
      textConditioner: nil, device: device, dtype: .float32)
    let sampling = pictures.description.sampling
    sampler = try sampling.sampler.makeSampler(eta: sampling.eta)
    plan = try DiffusionProcess(pictures.description.scheduler).plan(
      steps: sampling.steps, convention: sampler.convention)
  }

  /// What classifiers say of the images that the teacher draws of some texts of the training part, and what describes them.
  ///
  /// - Returns: Log odds, `[B, L]` of each classifier, and descriptors, `[B, D]`: by ``oddsName(_:)`` and ``descriptorName(_:)``.
  /// - Throws: `TorchError`, what reading the texts throws.
  func teacherImages(_ texts: [Int]) throws -> [String: Tensor] {
    let slice = BatchSlice(step: texts[0], batchSize: texts.count, rows: 0..<texts.count)
    let batch = try batch(
      texts, slice, of: training, generator: randomness.generator(.teacherImages, step: texts[0]))
    let image_B1HW = try teacherImage(
      batch, text: teacherText(batch), freshNoise: texts.map { try randomness.generator(.teacherImagesNoise, step: $0) }
    )
    let images = try withoutGradients { try judged(image_B1HW) }
    let named =
      images.odds.enumerated().map { (Self.oddsName($0), $1.logits_BL) }
      + images.descriptors.enumerated().map { (Self.descriptorName($0), $1.values_BD) }
    return try Dictionary(uniqueKeysWithValues: named).mapValues { try $0.to(.float32).to(.cpu) }
  }

  private static func oddsName(_ number: Int) -> String { "odds.\(number)" }
  private static func descriptorName(_ number: Int) -> String { "descriptors.\(number)" }

  /// What describes real radiographs as the autoencoder gives them back: what it cannot draw is not asked for. `[B, D]` each.
  ///
  /// - Throws: `TorchError`.
  func descriptors(_ image_B1HW: Tensor) throws -> [Tensor] {
    try withoutGradients { try judged(greyValues(model.reconstructed(image_B1HW.to(device)))) }.descriptors.map {
      try $0.values_BD.to(.float32).to(.cpu)
    }
  }

  private func judged(_ image_B1HW: Tensor) throws -> JudgedImages {
    try JudgedImages(reward.judges.map(\.classifier), image_B1HW, bands: bands)
  }

  /// Compares the teacher with real radiographs, which tells how far its images are to move.
  ///
  /// - Parameters:
  ///   - images: ``teacherImages(_:)`` of some texts.
  ///   - texts: Their numbers.
  ///   - real_ND: What describes a real radiograph for each: ``descriptors(_:)``.
  /// - Throws: what reading them throws.
  mutating func compare(_ images: FeatureShards, of texts: [Int], with real_ND: [Tensor]) throws {
    let rows = Array(texts.indices)
    for number in reward.judges.indices {
      let labels = reward.judges[number].classifier.architecture.labels
      let signs = ClassifierReward.signs(texts.map { training.wishes[$0].statements }, labels)
      reward.judges[number].drawn = LabelOdds(
        try images.rows(Self.oddsName(number), of: rows).rows(), signs: signs, labels: labels.count)
    }
    moments = try GroupedMoments(
      real_ND: real_ND, teacher_ND: real_ND.indices.map { try images.rows(Self.descriptorName($0), of: rows) },
      asked: texts.map { training.wishes[$0].statements }, isChild: texts.map { training.isChild[$0] },
      labels: reward.labels, device: device)
  }

  /// Texts, what each says, and the noise that its image is drawn from.
  struct Batch {
    var text: DiffusionExamples.Text
    var asked: [[PromptStatement]]
    var isChild: [Bool]
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
      asked: chosen.map { part.wishes[$0].statements }, isChild: chosen.map { part.isChild[$0] },
      noise_BCHW: try slice.noise(like: latent_BCHW, generator: generator))
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
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
    _ batch: Batch, _ slice: BatchSlice? = nil, freshNoise generators: () throws -> [Generator]
  ) throws -> Measured {
    let (teacher, student) = (networks.teacher, networks.student)
    let taught = try teacherText(batch)
    let teacherImage_B1HW = try teacherImage(batch, text: taught, freshNoise: generators())
    let text = try withPrecision(recipe.precision, on: device) {
      try student.text(batch.text.hidden_BSD, mask_BS: batch.text.mask_BS)
    }
    var drift = try Tensor.zeros([], device: device)
    var answers = 0
    let image_B1HW = try image(batch, freshNoise: generators()) { latent_BCHW, times_B in
      let answer_BCHW = try student.unet(
        latent_BCHW, times_B: times_B, text: text, checkpointing: recipe.checkpointing)
      let taught_BCHW = try withoutGradients {
        try teacher.unet(latent_BCHW.detach(), times_B: times_B, text: taught).to(.float32)
      }
      answers += 1
      drift = try drift + (answer_BCHW.to(.float32) - taught_BCHW).square().mean()
      return answer_BCHW
    }
    let (drawn, before) = (try judged(image_B1HW), try withoutGradients { try judged(teacherImage_B1HW) })
    return Measured(
      shortfall: try reward.shortfall(of: drawn.odds, before: before.odds, asked: batch.asked).mean(),
      drift: try drift / Double(answers),
      moments: try moments?.distance(
        of: drawn.descriptors, beside: before.descriptors, asked: batch.asked, isChild: batch.isChild, slice: slice)
        ?? Tensor.zeros([], device: device))
  }

  private func teacherText(_ batch: Batch) throws -> TextCondition {
    try withoutGradients {
      try withPrecision(recipe.precision, on: device) {
        try networks.teacher.text(batch.text.hidden_BSD, mask_BS: batch.text.mask_BS)
      }
    }
  }

  private func teacherImage(
    _ batch: Batch, text: TextCondition, freshNoise generators: [Generator]
  ) throws -> Tensor {
    try withoutGradients {
      try image(batch, freshNoise: generators) { try networks.teacher.unet($0, times_B: $1, text: text) }
    }
  }

  /// The images of a batch, as the exported model draws them: `[B, 1, H, W]` from -1 to 1.
  private func image(
    _ batch: Batch, freshNoise generators: [Generator],
    answer: (_ latent_BCHW: Tensor, _ times_B: Tensor) throws -> Tensor
  ) throws -> Tensor {
    let latent_BCHW = try sampler.sample(
      from: SamplerState(plan: plan, noise: batch.noise_BCHW),
      noise: sampler.drawsNoise ? .generators(generators) : nil
    ) { latent_BCHW, time in
      try withPrecision(recipe.precision, on: device) {
        try answer(
          latent_BCHW.contiguous(memoryFormat: .channelsLast), networks.networkTimes(batch.asked.map { _ in time }))
      }
    }
    // In single precision, as images are drawn.
    return try greyValues(model.decoded(latent_BCHW.to(.float32)))
  }

  /// As in a file: there is nothing beyond black and white.
  private func greyValues(_ image_B1HW: Tensor) throws -> Tensor { try image_B1HW.clamp(min: -1, max: 1) }

  /// The same texts and noise at every validation, so that losses can be compared.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    for (index, chosen) in share.batches(of: Array(validation.wishes.indices), size: 16) {
      let slice = BatchSlice(step: 0, batchSize: chosen.count, rows: 0..<chosen.count)
      let batch = try batch(
        chosen, slice, of: validation, generator: randomness.generator(.validation, step: index))
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
    try networks.writeSamples(pictures, to: picture)
  }
}
