import Diffusion
import RadiographModels

extension ModelDescription {
  /// A model of a preset before any training: what a fresh run starts from, and what `info` shows of it.
  public init(preset: ModelPreset) {
    let architecture = preset.architecture
    switch preset {
    case .released:
      // The author's code: latents times Stable Diffusion's factor, noise predicted over 1000 linear betas, 50 DDIM
      // steps, and a guidance scale that the checkpoint may override.
      self.init(
        name: preset.rawValue, preset: preset.rawValue, architecture: architecture, scheduler: .ddpmLinear,
        latent: LatentStatistics(channels: architecture.latentChannels, factor: 0.18215), textEncoder: .bioBERT,
        sampling: SamplingSettings(steps: 50, guidance: 7.5, sampler: .ddim), licence: "none: architecture only")
    case .paper:
      self.init(
        name: preset.rawValue, preset: preset.rawValue, architecture: architecture, scheduler: .ddpmLinear,
        latent: LatentStatistics(channels: architecture.latentChannels, factor: 1), textEncoder: .bioBERT,
        sampling: SamplingSettings(steps: 50, guidance: 7.5, sampler: .ddim), licence: "none: architecture only")
    case .small:
      self.init(
        name: preset.rawValue, preset: preset.rawValue, architecture: architecture, scheduler: .rectifiedFlow,
        latent: LatentStatistics(channels: architecture.latentChannels, factor: 1), textEncoder: .miniLM,
        sampling: SamplingSettings(
          steps: 12, guidance: 6, guidanceRescale: 0.7, guidanceInterval: 0.3...0.9, guidanceFrom: .opposites,
          sampler: .dpmSolver),
        licence: "none: architecture only")
      allowsInt8 = true
    }
  }
}

extension TextEncoderReference {
  /// BERT-base, cased, trained on PubMed (Lee et al., 2020): the article's encoder.
  public static let bioBERT = TextEncoderReference(name: "dmis-lab/biobert-base-cased-v1.1")
  /// Six layers of 384, uncased: the encoder of the model that ships.
  public static let miniLM = TextEncoderReference(name: "all-MiniLM-L6-v2")

  /// The architecture, if it is known by name or the encoder is installed; otherwise nil.
  var architecture: BertArchitecture? {
    switch name {
    case Self.bioBERT.name: .base
    case Self.miniLM.name: .miniLM
    default:
      (try? TextEncoder.locate(name: name)).flatMap {
        try? BertArchitecture(contentsOf: $0.appendingPathComponent("config.json"))
      }
    }
  }
}

extension BertArchitecture {
  /// All parameters as published: with the pooler, which Thorax does not compute.
  var parameterCount: Int {
    let embeddings = (vocabularySize + maximumPositions + tokenTypes) * hiddenSize + 2 * hiddenSize
    let attention = 4 * (hiddenSize * hiddenSize + hiddenSize) + 2 * hiddenSize
    let feedForward = 2 * hiddenSize * intermediateSize + intermediateSize + hiddenSize + 2 * hiddenSize
    let pooler = hiddenSize * hiddenSize + hiddenSize
    return embeddings + layers * (attention + feedForward) + pooler
  }
}
