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
  var group: any ProcessGroup = Alone()
  let report: (TrainingReport) -> Void

  /// - Throws: ``EncodingStopped`` if a limit was reached on the way, ``TrainingError/invalidSetting(key:value:remedy:)``
  ///   for a method that is not for such a teacher, `TextEncoderError`, `FileAccessError`, `TorchError`.
  func objective() throws -> any Objective { try group.firstThenOthers(preparedObjective) }

  private func preparedObjective() throws -> any Objective {
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
    case .reward: return try rewardObjective(images, autoencoder)
    case .reflow:
      training = try pairs(.train, data.training.records, count: recipe.pairs, images, autoencoder)
      // A tenth as many, of the texts of the validation part.
      let count = min(max(recipe.pairs / 10, 1), DistillationSettings.validationLimit)
      validation = try pairs(.validation, data.validation.records, count: count, images, autoencoder)
      validated = Array(0..<count)
    }
    return try DistillationObjective(
      recipe, teacher: teacher, training: training, validation: validation, validated: validated,
      pictures: pictures(images, autoencoder), device: device)
  }

  /// What the student draws now and then, as the model that is exported draws it.
  func pictures(_ images: DiffusionPreparation, _ autoencoder: Autoencoder) throws -> SamplePictures {
    var student = teacher.description
    student.sampling = recipe.own.studentSampling(student.sampling)
    student.detailGain = recipe.own.detailGain ?? student.detailGain
    return SamplePictures(
      description: student, codec: autoencoder,
      encoded: try EncodedPrompts(
        SamplePictures.prompts, by: images.textEncoder(), for: student.architecture.textProjection,
        sampling: student.sampling),
      device: device)
  }

  /// The images and texts, as the diffusion model's own training would prepare them.
  var images: DiffusionPreparation {
    var diffusion = DiffusionRecipe()
    diffusion.common = recipe.common
    diffusion.scheduler = teacher.description.scheduler
    diffusion.textEncoder = recipe.textEncoder.isEmpty ? teacher.textEncoder : recipe.textEncoder
    diffusion.promptsPerImage = recipe.promptsPerImage
    diffusion.sourceRepeats = recipe.sourceRepeats
    diffusion.sidedRepeats = recipe.sidedRepeats
    diffusion.maximumShift = recipe.maximumShift
    // No text needs no place among the texts.
    let reference = recipe.own.teacherSampling(teacher.description.sampling).guidanceFrom
    return DiffusionPreparation(
      recipe: diffusion, architecture: teacher.description.architecture, data: data, folder: folder,
      autoencoderWeights: teacher.autoencoder, device: device, limits: limits, group: group,
      report: report, negatives: reference == .nothing ? nil : reference)
  }

  /// Noises, and what the teacher makes of each for a text of the part, one after another: stored file by file as
  /// they come.
  private func pairs(
    _ split: DatasetSplit, _ records: RadiographRecords, count: Int, _ images: DiffusionPreparation,
    _ autoencoder: Autoencoder
  ) throws -> DistillationObjective.Examples {
    if group.isFirst { images.removeFormerCache(split) }
    let prompts = try images.prompts(
      PairCaptions(
        imageCount: count, images: images.captions(of: split, records),
        textsPerImage: images.negatives?.textCount ?? 1), of: split, records)
    let shape = teacher.description.latentShape
    let randomness = TrainingRandomness(seed: recipe.seed)
    let purpose: TrainingRandomness.Purpose = split == .train ? .pairs : .validationPairs
    func noise(_ index: Int) throws -> Tensor {
      try Tensor.randn([1] + shape, generator: randomness.generator(purpose, step: index))
    }
    let sampling = recipe.own.teacherSampling(teacher.description.sampling)
    let cache = images.cacheFolder("pairs", split)
    let key = ContentHash.of(parts: [teacher.hash, "\(sampling)", "\(recipe.seed)", prompts.key])
    let encoding = FeatureEncoding(
      plan: FeaturePlan(folder: cache, key: key, count: count, batch: 1, shardSize: 256), limits: limits,
      note: { report(.note($0)) },
      progress: { images.progress("drawing \(split.rawValue) pairs", $0, of: count, "images") })
    var made: (model: LoadedModel, text: TextProjection, null: TextCondition)?
    // What the first of several processes draws, the others open.
    let opened = group.isFirst ? nil : LatentCache.open(cache, key: key)
    guard group.isFirst || opened != nil else { throw TrainingError.otherFeatures(path: cache.path) }
    let drawn =
      try opened
      ?? LatentCache.encode(by: encoding, dtype: .float32) { items in
        let (model, text, null) = try made ?? drawing(autoencoder)
        made = (model, text, null)
        let conditions = try (0..<prompts.textsPerImage).map { place in
          let (hidden_1SD, mask_1S) = try prompts.batch([(image: items.lowerBound, text: place)])
          return try text(hidden_1SD.to(device), mask_BS: mask_1S.to(device))
        }
        let negatives = [null] + conditions.dropFirst()
        let denoising = try Denoising(
          model: model, sampling: sampling, positive: conditions[0],
          negatives: sampling.guidance == 1 ? [] : negatives)
        return try denoising.sample(
          generator: randomness.generator(purpose, step: items.lowerBound),
          initialLatents_1CHW: noise(items.lowerBound).to(device))
      }
    let channels = teacher.description.architecture.latentChannels
    return .init(
      latents: DiffusionExamples(
        latentCache: drawn, images: ExampleImages((0..<UInt32(count)).map { $0 }),
        statistics: LatentStatistics(channels: channels, factor: 1), prompts: prompts, device: device),
      noise_NCHW: try Tensor.cat((0..<count).map(noise)))
  }

  /// The teacher as a model that draws, its text projection, and no text.
  private func drawing(
    _ autoencoder: Autoencoder
  ) throws -> (model: LoadedModel, text: TextProjection, null: TextCondition) {
    let networks = try teacher.networks(trainable: false, device: device)
    let model = try LoadedModel(
      teacher.description, codec: autoencoder, predictor: networks.unet, textProjection: networks.text,
      textConditioner: nil, device: device, dtype: .float32)
    let architecture = teacher.description.architecture.textProjection
    let tokens = architecture.attendsToPadding ? architecture.tokenLimit : 1
    return (model, networks.text, try networks.text.null(count: 1, tokens: tokens))
  }
}
