import Diffusion
import Foundation
import Models
import RadiographData
import RadiographModels
import Support
import TensorFiles
import Torch
import TorchNN

// N pairs, C latent channels, H height, W width

/// Everything that distillation needs before its first step: the teacher, and what it makes of images or of noise.
struct DistillationPreparation {
  let recipe: DistillationRecipe
  let teacher: Teacher
  let data: StageData
  let folder: RunFolder
  let device: Device
  let limits: RunLimits
  let report: (TrainingReport) -> Void

  /// - Throws: ``EncodingStopped`` if a limit was reached on the way, ``TrainingError/invalidSetting(key:value:remedy:)``
  ///   for a method that is not for such a teacher, `TextEncoderError`, `FileAccessError`, `TorchError`.
  func objective() throws -> DistillationObjective {
    let description = teacher.description
    let isFlow: Bool
    if case .rectifiedFlow = description.scheduler.schedule.curve { isFlow = true } else { isFlow = false }
    guard recipe.method != .reflow || isFlow else {
      throw TrainingError.invalidSetting(
        key: "method", value: recipe.method.rawValue,
        remedy: "choose guidance: the teacher is no rectified flow")
    }
    let images = images
    let autoencoder = try images.loadAutoencoder()
    let (training, validation, validated): (DistillationObjective.Examples, DistillationObjective.Examples, [Int])
    switch recipe.method {
    case .guidance:
      func examples(_ split: DatasetSplit, _ batches: PixelBatches) throws -> DistillationObjective.Examples {
        .init(
          latents: try images.examples(of: split, batches, autoencoder: autoencoder, statistics: description.latent))
      }
      training = try examples(.train, data.training)
      validation = try examples(.validation, data.validation)
      validated = data.validated
    case .reflow:
      training = try pairs(.train, data.training.records, count: recipe.pairs, images, autoencoder)
      // A tenth as many, of the texts of the validation part.
      let count = min(max(recipe.pairs / 10, 1), DistillationSettings.validationLimit)
      validation = try pairs(.validation, data.validation.records, count: count, images, autoencoder)
      validated = Array(0..<count)
    }
    var student = description
    student.sampling = recipe.own.studentSampling(description.sampling)
    let pictures = SamplePictures(
      description: student, codec: autoencoder,
      encoded: try EncodedPrompts(
        SamplePictures.prompts, by: images.textEncoder(), for: description.architecture.textProjection),
      device: device)
    return try DistillationObjective(
      recipe, teacher: teacher, training: training, validation: validation, validated: validated, pictures: pictures,
      device: device)
  }

  /// The images and texts, as the diffusion model's own training would prepare them.
  private var images: DiffusionPreparation {
    var diffusion = DiffusionRecipe()
    diffusion.common = recipe.common
    diffusion.scheduler = teacher.description.scheduler
    diffusion.textEncoder = recipe.textEncoder.isEmpty ? teacher.textEncoder : recipe.textEncoder
    diffusion.promptsPerImage = recipe.promptsPerImage
    return DiffusionPreparation(
      recipe: diffusion, architecture: teacher.description.architecture, data: data, folder: folder,
      autoencoderWeights: teacher.autoencoder, device: device, limits: limits, report: report)
  }

  /// Noises, and what the teacher makes of each for a text of the part, one after another: stored in pieces as they come.
  private func pairs(
    _ split: DatasetSplit, _ records: [RadiographRecord], count: Int, _ images: DiffusionPreparation,
    _ autoencoder: Autoencoder
  ) throws -> DistillationObjective.Examples {
    let captions = try images.captions(of: records, count: split == .train ? recipe.promptsPerImage : 1)
    let texts = (0..<count).map { index in
      let own = captions[index % captions.count]
      return own[(index / captions.count) % own.count]
    }
    let architecture = teacher.description.architecture.textProjection
    let prompts = try PromptCache(
      images.cacheFile("texts", split), key: images.key(of: records, [images.recipe.textEncoder] + texts),
      captions: texts.map { [$0] }, encoder: images.textEncoder, tokenLimit: architecture.tokenLimit, limits: limits
    ) { images.progress("encoding \(split.rawValue) texts", $0, of: $1, "texts") }
    let shape = teacher.description.latentShape
    let randomness = TrainingRandomness(seed: recipe.seed)
    let purpose: TrainingRandomness.Purpose = split == .train ? .pairs : .validationPairs
    func noise(_ index: Int) throws -> Tensor {
      try Tensor.randn([1] + shape, generator: randomness.generator(purpose, step: index))
    }
    let sampling = recipe.own.teacherSampling(teacher.description.sampling)
    let key = ContentHash.of(
      parts: [teacher.hash, "\(sampling)", "\(recipe.seed)"] + texts)
    let pieces = EncodedPieces(
      file: images.cacheFile("pairs", split), key: key, count: count, batch: 1, pieceSize: 256)
    let drawn: Tensor
    if let stored = try? pieces.stored()?.tensor("latents") {
      drawn = try Tensor(stored, name: "latents")
    } else {
      let networks = try teacher.networks(trainable: false, device: device)
      let model = try LoadedModel(
        teacher.description, codec: autoencoder, predictor: networks.unet, textProjection: networks.text,
        textConditioner: nil, device: device, dtype: .float32)
      let tokens = architecture.attendsToPadding ? architecture.tokenLimit : 1
      let whole = try withoutGradients {
        let negative = sampling.guidance == 1 ? nil : try networks.text.null(count: 1, tokens: tokens)
        return try pieces.encoded(
          limits: limits, progress: { images.progress("drawing \(split.rawValue) pairs", $0, of: count, "images") },
          encode: { items in
            let (hidden_1SD, mask_1S) = try prompts.batch([(image: items.lowerBound, text: 0)])
            let denoising = try Denoising(
              model: model, sampling: sampling,
              positive: networks.text(hidden_1SD.to(device), mask_BS: mask_1S.to(device)), negative: negative)
            let latent_1CHW = try denoising.sample(
              generator: randomness.generator(purpose, step: items.lowerBound),
              initialLatents_1CHW: noise(items.lowerBound).to(device))
            return ["latents": try latent_1CHW.to(.cpu).contiguous()]
          })
      }
      try pieces.store(whole)
      drawn = try whole["latents"] ?? Tensor.zeros([0])
    }
    let channels = teacher.description.architecture.latentChannels
    return .init(
      latents: DiffusionExamples(
        latents_NCHW: drawn, images: Array(0..<count), statistics: LatentStatistics(channels: channels, factor: 1),
        prompts: prompts, device: device),
      noise_NCHW: try Tensor.cat((0..<count).map(noise)))
  }
}
