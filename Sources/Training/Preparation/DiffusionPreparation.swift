import Diffusion
import Foundation
import Models
import RadiographData
import RadiographModels
import Support
import TensorFiles
import Torch
import TorchNN

/// Everything that diffusion needs before its first step: the frozen autoencoder, latents and texts, encoded once.
struct DiffusionPreparation {
  let recipe: DiffusionRecipe
  let architecture: ModelArchitecture
  let data: StageData
  let folder: RunFolder
  let autoencoderWeights: URL
  let device: Device
  let limits: RunLimits
  var group: any ProcessGroup = Alone()
  let report: (TrainingReport) -> Void
  /// What guidance leads texts away from: each has those behind it; nil if none has.
  var negatives: GuidanceReference?

  /// - Throws: ``EncodingStopped`` if a limit was reached on the way, ``TrainingError/missingStage(path:stage:)``,
  ///   `TextEncoderError`, `FileAccessError`, `TensorFileError`, `TorchError`.
  func objective() throws -> DiffusionObjective { try group.firstThenOthers(preparedObjective) }

  private func preparedObjective() throws -> DiffusionObjective {
    // First, since all else takes long.
    let encoder = try textEncoder()
    let autoencoder = try loadAutoencoder()
    let training = try examples(of: .train, data.training, autoencoder: autoencoder, statistics: nil)
    let validation = try examples(
      of: .validation, data.validation, autoencoder: autoencoder, statistics: training.statistics)
    let description = try ModelDescription(of: recipe, architecture: architecture, latent: training.statistics)
    let pictures = SamplePictures(
      description: description, codec: autoencoder,
      encoded: try EncodedPrompts(
        SamplePictures.prompts, by: encoder, for: architecture.textProjection, sampling: description.sampling),
      device: device)
    if group.isFirst { try RunFolder.write(training.statistics, to: Self.statisticsFile(in: folder)) }
    return DiffusionObjective(
      try DiffusionLoss(recipe, architecture: architecture, device: device), training: training,
      validation: validation, validated: data.validated, pictures: pictures)
  }

  /// Where export finds the statistics.
  static func statisticsFile(in folder: RunFolder) -> URL { folder.folder.appendingPathComponent("latents.json") }

  func loadAutoencoder() throws -> Autoencoder {
    guard FileManager.default.fileExists(atPath: autoencoderWeights.path) else {
      throw TrainingError.missingStage(path: folder.url.path, stage: .autoencoder)
    }
    let store = ParameterStore(
      tensors: try BestWeights(contentsOf: autoencoderWeights).tensors, device: device, memoryFormat: .channelsLast)
    let autoencoder = try Autoencoder(store.root, architecture.autoencoder)
    try store.verify()
    return autoencoder
  }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for an encoder of another width than the networks take;
  ///   `TextEncoderError`, `FileAccessError`, `TensorFileError`, `TorchError`.
  func textEncoder() throws -> TextEncoder {
    let encoder = try TextEncoder(folder: TextEncoder.locate(name: recipe.textEncoder), device: device)
    let wanted = architecture.textProjection.hiddenWidth
    guard encoder.hiddenWidth == wanted else {
      throw TrainingError.invalidSetting(
        key: "textEncoder", value: recipe.textEncoder,
        remedy:
          "it is \(encoder.hiddenWidth) wide, and the networks take \(wanted): give another encoder or networks for it")
    }
    return encoder
  }

  func examples(
    of split: DatasetSplit, _ batches: PixelBatches, autoencoder: Autoencoder, statistics: LatentStatistics?
  ) throws -> DiffusionExamples {
    if group.isFirst { removeFormerCache(split) }
    let (images, key) = try examples(of: split, batches.records)
    let latents = try latents(of: split, images, batches, key: key, autoencoder: autoencoder)
    return DiffusionExamples(
      latentCache: latents, images: images, statistics: statistics ?? latents.statistics,
      prompts: try prompts(captions(of: split, batches.records), of: split, batches.records),
      negativesPerText: (negatives?.textCount ?? 1) - 1, device: device)
  }

  /// The texts of a part's images.
  func captions(of split: DatasetSplit, _ records: RadiographRecords) throws -> any CaptionSource {
    let captions = try DatasetCaptions(
      records, count: split == .train ? recipe.promptsPerImage : 1, seed: recipe.seed, encoder: recipe.textEncoder,
      maximum: architecture.textProjection.tokenLimit)
    return negatives.map { CaptionsWithNegatives(captions: captions, reference: $0) } ?? captions
  }

  /// What the first of several processes encodes, and the others open.
  private func latents(
    of split: DatasetSplit, _ images: ExampleImages, _ batches: PixelBatches, key: String, autoencoder: Autoencoder
  ) throws -> LatentCache {
    let folder = cacheFolder("latents", split)
    guard group.isFirst else {
      guard let opened = LatentCache.open(folder, key: key) else {
        throw TrainingError.otherFeatures(path: folder.path)
      }
      return opened
    }
    let encoding = FeatureEncoding(
      plan: FeaturePlan(folder: folder, key: key, count: images.count, batch: LatentCache.batch),
      limits: limits, note: { report(.note($0)) },
      progress: { progress("encoding \(split.rawValue) images", $0, of: images.count, "images") })
    return try LatentCache.encode(
      images, of: batches, with: autoencoder, shift: ImageShift(maximum: recipe.maximumShift, seed: recipe.seed),
      by: encoding)
  }

  /// The image of each example, and what changes when anything does that the latents are made of.
  private func examples(of split: DatasetSplit, _ records: RadiographRecords) throws -> (ExampleImages, key: String) {
    var hash = RunningHash()
    for part in [try ContentHash.ofFile(autoencoderWeights.path), "\(recipe.maximumShift)"] { hash.update(part: part) }
    var images: [UInt32] = []
    images.reserveCapacity(records.count)
    try records.forEach { image, record in
      let copies =
        split == .train ? recipe.own.repeats(of: record) : 1
      for part in [Self.identity(of: record), "\(copies)"] { hash.update(part: part) }
      images.append(contentsOf: repeatElement(UInt32(image), count: copies))
    }
    let examples = ExampleImages(images)
    // Where an image is moved to comes from the seed.
    if examples.hasCopies { hash.update(part: "seed \(recipe.seed)") }
    return (examples, hash.hexadecimal)
  }

  /// The hidden states of texts, which the first of several processes encodes, and the others open.
  func prompts(
    _ captions: any CaptionSource, of split: DatasetSplit, _ records: RadiographRecords
  ) throws -> PromptCache {
    let folder = cacheFolder("texts", split)
    guard group.isFirst else {
      guard let opened = PromptCache.open(folder) else { throw TrainingError.otherFeatures(path: folder.path) }
      return opened
    }
    let maximum = architecture.textProjection.tokenLimit
    var hash = RunningHash()
    hash.update(part: try TextEncoder.contentHash(of: TextEncoder.locate(name: recipe.textEncoder)))
    try records.forEach { _, record in hash.update(part: Self.identity(of: record)) }
    return try PromptCache.encode(
      captions, in: folder, key: hash.hexadecimal, encoder: textEncoder, tokenLimit: maximum, limits: limits,
      cut: { cut in
        guard cut > 0 else { return }
        let all = captions.imageCount * captions.textsPerImage
        report(.note("\(cut) of \(all) texts were cut to \(maximum) tokens, at the end of a sentence"))
      }, note: { report(.note($0)) },
      progress: { progress("encoding \(split.rawValue) texts", $0, of: $1, "texts") })
  }

  func cacheFolder(_ name: String, _ split: DatasetSplit) -> URL {
    folder.cache.appendingPathComponent("\(name)-\(split.rawValue)")
  }

  /// Removes what the former version has stored, as one file or in pieces: its images were moved to other places.
  func removeFormerCache(_ split: DatasetSplit) {
    for name in ["latents", "texts", "pairs"] {
      let former = ["safetensors", "pieces"].map { cacheFolder(name, split).appendingPathExtension($0) }
        .filter { FileManager.default.fileExists(atPath: $0.path) }
      for url in former { try? FileManager.default.removeItem(at: url) }
      if let url = former.first {
        report(.note("\(url.path): stored by the former version, and removed: the \(name) are made again"))
      }
    }
  }

  func progress(_ activity: String, _ done: Int, of total: Int, _ unit: String) {
    if limits.isCheckpointDue() {
      report(.note("what is encoded is stored as it comes: the first checkpoint comes with the first step"))
    }
    report(.progress(WorkProgress(activity, done: done, of: total, unit: unit)))
  }

  private static func identity(of record: RadiographRecord) -> String { record.contentHash ?? record.path }
}
