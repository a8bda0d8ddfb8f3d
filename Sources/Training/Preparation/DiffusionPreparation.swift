import Diffusion
import Foundation
import Models
import RadiographData
import RadiographModels
import Support
import TensorFiles
import Tokenization
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

  /// - Throws: ``EncodingStopped`` if a limit was reached on the way, ``TrainingError/missingStage(path:stage:)``,
  ///   `TextEncoderError`, `FileAccessError`, `TensorFileError`, `TorchError`.
  func objective() throws -> DiffusionObjective { try group.firstThenOthers(preparedObjective) }

  private func preparedObjective() throws -> DiffusionObjective {
    let autoencoder = try loadAutoencoder()
    let training = try examples(of: .train, data.training, autoencoder: autoencoder, statistics: nil)
    let validation = try examples(
      of: .validation, data.validation, autoencoder: autoencoder, statistics: training.statistics)
    let encoder = try textEncoder()
    let description = try ModelDescription(of: recipe, architecture: architecture, latent: training.statistics)
    let pictures = SamplePictures(
      description: description, codec: autoencoder,
      encoded: try EncodedPrompts(SamplePictures.prompts, by: encoder, for: architecture.textProjection),
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
    let file = try SafetensorsFile(path: autoencoderWeights.path)
    let store = ParameterStore(tensors: try file.loadTensors(), device: device, memoryFormat: .channelsLast)
    let autoencoder = try Autoencoder(store.root, architecture.autoencoder)
    try store.verify()
    return autoencoder
  }

  func textEncoder() throws -> TextEncoder {
    try TextEncoder(folder: TextEncoder.locate(name: recipe.textEncoder), device: device)
  }

  func examples(
    of split: DatasetSplit, _ batches: PixelBatches, autoencoder: Autoencoder, statistics: LatentStatistics?
  ) throws -> DiffusionExamples {
    let copies = batches.records.map { split == .train ? recipe.sourceRepeats[$0.source] ?? 1 : 1 }
    // Where an image is moved to comes from the seed.
    let seed = copies.contains { $0 > 1 } ? ["seed \(recipe.seed)"] : []
    let key = key(
      of: batches.records,
      [try ContentHash.ofFile(autoencoderWeights.path), "\(copies)", "\(recipe.maximumShift)"] + seed)
    let cache = LatentCache(
      pieces: EncodedPieces(
        file: cacheFile("latents", split), key: key, count: copies.count, batch: 1, encodes: group.isFirst),
      copies: copies,
      maximumShift: recipe.maximumShift)
    let latents_NCHW = try cache.latents(
      of: batches, with: autoencoder, generator: TrainingRandomness(seed: recipe.seed).generator(.crop), limits: limits
    ) { progress("encoding \(split.rawValue) images", $0, of: copies.count, "images") }
    let captions = try captions(of: batches.records, count: split == .train ? recipe.promptsPerImage : 1)
    let prompts = try PromptCache(
      cacheFile("texts", split), key: self.key(of: batches.records, [recipe.textEncoder] + captions.flatMap { $0 }),
      captions: captions, encoder: textEncoder, tokenLimit: architecture.textProjection.tokenLimit, limits: limits,
      encodes: group.isFirst
    ) { progress("encoding \(split.rawValue) texts", $0, of: $1, "texts") }
    return DiffusionExamples(
      latents_NCHW: latents_NCHW,
      images: copies.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) },
      statistics: try statistics ?? LatentStatistics(of: latents_NCHW), prompts: prompts, device: device)
  }

  func cacheFile(_ name: String, _ split: DatasetSplit) -> URL {
    folder.cache.appendingPathComponent("\(name)-\(split.rawValue).safetensors")
  }

  func progress(_ activity: String, _ done: Int, of total: Int, _ unit: String) {
    if limits.isCheckpointDue() {
      report(.note("what is encoded is stored as it comes: the first checkpoint comes with the first step"))
    }
    report(.progress(WorkProgress(activity, done: done, of: total, unit: unit)))
  }

  /// The texts of each image, within what the text encoder takes.
  func captions(of records: [RadiographRecord], count: Int) throws -> [[String]] {
    let writer = try CaptionWriter.standard()
    let tokenizer = try WordPieceTokenizer(contentsOf: TextEncoder.locate(name: recipe.textEncoder))
    let maximum = architecture.textProjection.tokenLimit
    let limit = CaptionWriter.TokenLimit(maximum: maximum) { text in
      (try? tokenizer.encode(text, maximumLength: .max).ids.count) ?? .max
    }
    let captions = records.map { writer.captions(of: $0, count: count, seed: recipe.seed, limit: limit) }
    let cut = captions.reduce(0) { $0 + $1.cut }
    if cut > 0 {
      report(
        .note("\(cut) of \(records.count * count) texts were cut to \(maximum) tokens, at the end of a sentence"))
    }
    return captions.map(\.texts)
  }

  func key(of records: [RadiographRecord], _ parts: [String]) -> String {
    ContentHash.of(parts: parts + records.map { $0.contentHash ?? $0.path })
  }
}
