import ImageFiles
import Models
import RadiographModels
import Torch

/// Draws the same few prompts from the same seeds, as `generate` draws them, so that a run's progress can be seen.
struct SamplePictures {
  static let prompts = [
    "Normal chest radiograph of an adult, clear lungs", "Right lower lobe pneumonia with focal consolidation",
    "Large pleural effusion", "Chest radiograph of a child with pneumonia", "Normal paediatric chest radiograph",
  ]

  /// The model that the run produces, with the settings that it is sampled with.
  let description: ModelDescription
  let codec: any LatentCodec
  let encoded: EncodedPrompts
  let device: Device
  var columns = 4

  /// One row a prompt, one column a seed from 0. A picture that is not finite, as a network early in its training may
  /// give, is black.
  ///
  /// - Throws: `TorchError`, `DiffusionError`.
  func draw(_ unet: UNet, _ projection: TextProjection) throws -> GrayscaleImage {
    let model = try LoadedModel(
      description, codec: codec, predictor: unet, textProjection: projection, textConditioner: encoded, device: device,
      dtype: .float32)
    let sampling = description.sampling
    let side = description.architecture.imageSide
    let black = try GrayscaleImage(width: side, height: side, pixels: [UInt8](repeating: 0, count: side * side))
    let rows = try encoded.prompts.map { prompt in
      let denoising = try Denoising(
        model: model, sampling: sampling, positive: model.condition(prompt).condition,
        negatives: model.negatives(of: prompt, negative: nil, sampling: sampling).conditions)
      return try (0..<columns).map { seed in
        let latent_1CHW = try denoising.sample(generator: Generator(seed: UInt64(seed)))
        do {
          return try model.decode(latent_1CHW)
        } catch ModelError.notFinite {
          return black
        }
      }
    }
    return try GrayscaleImage(grid: rows)
  }
}

/// A few prompts, encoded once: the text encoder itself need not stay in memory.
struct EncodedPrompts: TextConditioner {
  let prompts: [String]
  let hiddenWidth: Int
  let maximumTokens: Int
  private let encodings: [String: EncodedPrompt]

  /// - Parameters:
  ///   - architecture: How many tokens the model takes, and whether it attends to padding.
  ///   - sampling: How the prompts are sampled: what they are led away from is encoded with them.
  /// - Throws: `TokenizationError`, `TextEncoderError`, `TorchError`.
  init(
    _ prompts: [String], by encoder: any TextConditioner, for architecture: TextProjectionArchitecture,
    sampling: SamplingSettings
  ) throws {
    self.prompts = prompts
    hiddenWidth = encoder.hiddenWidth
    maximumTokens = encoder.maximumTokens
    let limit = min(architecture.tokenLimit, encoder.maximumTokens)
    let texts = try prompts + prompts.flatMap(sampling.guidanceFrom.texts).filter { !$0.isEmpty }
    let encoded = try encoder.encode(
      texts, maximumLength: limit, paddedTo: architecture.attendsToPadding ? limit : nil)
    encodings = Dictionary(zip(texts, encoded)) { first, _ in first }
  }

  func encode(_ prompts: [String], maximumLength: Int, paddedTo length: Int?) throws -> [EncodedPrompt] {
    try prompts.map { prompt in
      guard let encoding = encodings[prompt] else { throw TextEncoderError.notFound(name: "\(prompt)", places: []) }
      return encoding
    }
  }
}
