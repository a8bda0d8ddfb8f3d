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
  let dataset: RadiographDataset
  let folder: RunFolder
  let autoencoderWeights: URL
  let device: Device
  var note: (String) -> Void

  func stage() throws -> DiffusionStage {
    let autoencoder = try loadAutoencoder()
    let training = try examples(of: .train, autoencoder: autoencoder, statistics: nil)
    let validation = try examples(of: .validation, autoencoder: autoencoder, statistics: training.statistics)
    let encoder = try textEncoder()
    let pictures = SamplePictures(
      description: try description(latent: training.statistics), codec: autoencoder,
      encoded: try EncodedPrompts(SamplePictures.prompts, by: encoder, for: architecture.textProjection),
      device: device)
    try storeStatistics(training.statistics)
    return try DiffusionStage(
      recipe, architecture: architecture, training: training, validation: validation, pictures: pictures, device: device
    )
  }

  /// Where export finds the statistics.
  static func statisticsFile(in folder: RunFolder) -> URL { folder.folder.appendingPathComponent("latents.json") }

  /// The model that the run comes to.
  private func description(latent: LatentStatistics) throws -> ModelDescription {
    try ModelDescription(preset: recipe.preset, scheduler: recipe.scheduler, latent: latent)
  }

  private func storeStatistics(_ statistics: LatentStatistics) throws {
    try AtomicFile.write(Array(PrettyJSON.data(statistics)), to: Self.statisticsFile(in: folder).path)
  }

  private func loadAutoencoder() throws -> Autoencoder {
    guard FileManager.default.fileExists(atPath: autoencoderWeights.path) else {
      throw TrainingError.missingStage(path: folder.url.path, stage: "vae")
    }
    let file = try SafetensorsFile(path: autoencoderWeights.path)
    let store = ParameterStore(tensors: try file.loadTensors(), device: device, memoryFormat: .channelsLast)
    let autoencoder = try Autoencoder(store.root, architecture.autoencoder)
    try store.verify()
    return autoencoder
  }

  private func textEncoder() throws -> TextEncoder {
    try TextEncoder(folder: TextEncoder.locate(name: recipe.textEncoder), device: device)
  }

  private func examples(
    of split: DatasetSplit, autoencoder: Autoencoder, statistics: LatentStatistics?
  ) throws -> DiffusionExamples {
    let batches = try PixelBatches(dataset, split: split, device: device)
    let copies = batches.records.map { split == .train ? recipe.sourceRepeats[$0.source] ?? 1 : 1 }
    let latents = try LatentCache.load(
      folder.cache.appendingPathComponent("latents-\(split.rawValue).safetensors"),
      key: try key(
        of: batches.records, [ContentHash.ofFile(autoencoderWeights.path), "\(copies)", "\(recipe.maximumShift)"])
    ) {
      try LatentCache.encode(
        batches, with: autoencoder, copies: copies, maximumShift: recipe.maximumShift,
        generator: TrainingRandomness(seed: recipe.seed).generator(.crop)
      ) { note("encoded \($0) of \(batches.records.count) \(split.rawValue) images") }
    }
    let captions = try captions(of: batches.records, count: split == .train ? recipe.promptsPerImage : 1)
    let prompts = try PromptCache.load(
      folder.cache.appendingPathComponent("texts-\(split.rawValue).safetensors"),
      key: try key(of: batches.records, [recipe.textEncoder] + captions.flatMap { $0 }), captions: captions,
      encoder: textEncoder, tokenLimit: architecture.textProjection.tokenLimit
    ) { note("encoded \($0) of \($1) \(split.rawValue) texts") }
    return DiffusionExamples(
      latents_NCHW: latents.latents_NCHW,
      images: copies.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) },
      statistics: statistics ?? latents.statistics, prompts: prompts, device: device)
  }

  /// The texts of each image, within what the text encoder takes.
  private func captions(of records: [RadiographRecord], count: Int) throws -> [[String]] {
    let writer = try CaptionWriter.standard()
    let tokenizer = try WordPieceTokenizer(contentsOf: TextEncoder.locate(name: recipe.textEncoder))
    let maximum = architecture.textProjection.tokenLimit
    let limit = CaptionWriter.TokenLimit(maximum: maximum) { text in
      (try? tokenizer.encode(text, maximumLength: .max).ids.count) ?? .max
    }
    let captions = records.map { writer.captions(of: $0, count: count, seed: recipe.seed, limit: limit) }
    let cut = captions.reduce(0) { $0 + $1.cut }
    if cut > 0 {
      note("\(cut) of \(records.count * count) texts were cut to \(maximum) tokens, at the end of a sentence")
    }
    return captions.map(\.texts)
  }

  private func key(of records: [RadiographRecord], _ parts: [String]) throws -> String {
    ContentHash.of(parts: parts + records.map { $0.contentHash ?? $0.path })
  }
}
