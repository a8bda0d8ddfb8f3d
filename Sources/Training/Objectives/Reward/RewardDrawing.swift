import Diffusion
import Models
import RadiographModels
import Torch
import TorchNN

// B batch, C latent channels, H height, W width

/// Draws images of texts as the exported model does, with gradients through all steps, and looks at them with classifiers.
struct RewardDrawing {
  let networks: TeacherAndStudent
  let classifiers: [LabelClassifier]
  let device: Device
  private let recipe: DistillationRecipe
  /// The student with all that makes images of its latents.
  private let model: LoadedModel
  private let sampler: any Sampler
  private let plan: SamplingPlan
  private let bands: FrequencyBands

  /// - Parameter description: Of the model that the run produces.
  /// - Throws: `TorchError`, `DiffusionError`, `ParameterLoadingError` for weights that do not fit.
  init(
    _ recipe: DistillationRecipe, _ description: ModelDescription, teacher: Teacher, autoencoder: Autoencoder,
    classifiers: [LabelClassifier], device: Device
  ) throws {
    (self.recipe, self.classifiers, self.device) = (recipe, classifiers, device)
    networks = try TeacherAndStudent(teacher, device: device)
    bands = try FrequencyBands(side: description.architecture.imageSide, device: device)
    model = try LoadedModel(
      description, codec: autoencoder, predictor: networks.student.unet, textProjection: networks.student.text,
      textConditioner: nil, device: device, dtype: .float32)
    let sampling = description.sampling
    sampler = try sampling.sampler.makeSampler(eta: sampling.eta)
    plan = try DiffusionProcess(description.scheduler).plan(steps: sampling.steps, convention: sampler.convention)
  }

  /// `[C, H, W]`.
  var latentShape: [Int] { model.description.latentShape }

  /// - Parameter image_B1HW: Grey values from -1 to 1.
  /// - Throws: `TorchError`.
  func judged(_ image_B1HW: Tensor) throws -> JudgedImages {
    try JudgedImages(classifiers, image_B1HW, bands: bands)
  }

  /// Images as the autoencoder gives them back.
  ///
  /// - Throws: `TorchError`.
  func reconstructed(_ image_B1HW: Tensor) throws -> Tensor {
    try greyValues(model.reconstructed(image_B1HW.to(device)))
  }

  /// The teacher's images, without gradients.
  ///
  /// - Parameters:
  ///   - taught: ``teacherText(_:)`` of the batch.
  ///   - generators: The noise of samplers that draw some at each step, a generator a row.
  /// - Throws: `TorchError`.
  func teacherImage(
    _ batch: RewardTexts.Batch, taught: TextCondition, freshNoise generators: [Generator]
  ) throws -> Tensor {
    try withoutGradients {
      try image(batch, freshNoise: generators) { try networks.teacher.unet($0, times_B: $1, text: taught) }
    }
  }

  /// The student's images, and how far its answers on the way are from the teacher's to the same latents: the mean of squares.
  ///
  /// Parameters are those of the teacher's.
  ///
  /// - Throws: `TorchError`.
  func studentImage(
    _ batch: RewardTexts.Batch, taught: TextCondition, freshNoise generators: [Generator]
  ) throws -> (image_B1HW: Tensor, drift: Tensor) {
    let (teacher, student) = (networks.teacher, networks.student)
    let text = try withPrecision(recipe.precision, on: device) {
      try student.text(batch.text.hidden_BSD, mask_BS: batch.text.mask_BS)
    }
    var drift = try Tensor.zeros([], device: device)
    var answers = 0
    let image_B1HW = try image(batch, freshNoise: generators) { latent_BCHW, times_B in
      let answer_BCHW = try student.unet(
        latent_BCHW, times_B: times_B, text: text, checkpointing: recipe.checkpointing)
      let taught_BCHW = try withoutGradients {
        try teacher.unet(latent_BCHW.detach(), times_B: times_B, text: taught).to(.float32)
      }
      answers += 1
      drift = try drift + (answer_BCHW.to(.float32) - taught_BCHW).square().mean()
      return answer_BCHW
    }
    return (image_B1HW, try drift / Double(answers))
  }

  /// What the teacher's networks are told of the texts, without gradients.
  ///
  /// - Throws: `TorchError`.
  func teacherText(_ batch: RewardTexts.Batch) throws -> TextCondition {
    try withoutGradients {
      try withPrecision(recipe.precision, on: device) {
        try networks.teacher.text(batch.text.hidden_BSD, mask_BS: batch.text.mask_BS)
      }
    }
  }

  /// The images of a batch, as the exported model draws them: `[B, 1, H, W]` from -1 to 1.
  private func image(
    _ batch: RewardTexts.Batch, freshNoise generators: [Generator],
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
}
