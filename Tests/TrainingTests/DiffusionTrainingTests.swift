import Diffusion
import Foundation
import Models
import RadiographModels
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import Training

@Suite("Training a diffusion model", .serialized)
struct DiffusionTrainingTests {
  /// A U-Net of a few thousand parameters over 4x8x8 latents and a BERT of width 24.
  static let architecture = ModelArchitecture(
    imageSide: 32, autoencoder: TinyDataset.autoencoder,
    unet: UNetArchitecture(
      latentChannels: 4,
      levels: [.init(channels: 16, blocks: 1, crossAttention: .last), .init(channels: 16, blocks: 1)],
      middle: .init(blocks: 1), skips: .residualBlocks, timeEmbedding: .init(sinusoids: 8, width: 16),
      conditioning: .scaleAndShift, contextWidth: 12, attentionHeads: .count(2), attentionPlacement: .afterResidual,
      downsampling: .stridedConvolutionToNextLevel, upsampling: .pixelShuffle),
    textProjection: TextProjectionArchitecture(
      hiddenWidth: 24, contextWidth: 12, pooling: .init(source: .hidden, outputWidth: 16), nullCondition: .learned,
      tokenLimit: 16))

  /// The tiny encoder of the fixtures, with a vocabulary of letters.
  static func makeEncoder(in folder: URL) throws -> TextEncoder {
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/bert/tiny")
    let copy = folder.appendingPathComponent("encoder")
    if !FileManager.default.fileExists(atPath: copy.path) {
      try FileManager.default.copyItem(at: fixture, to: copy)
      let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
      let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + letters.prefix(20).map { "##" + $0 }
      try Data(vocabulary.joined(separator: "\n").utf8).write(to: copy.appendingPathComponent("vocab.txt"))
    }
    return try TextEncoder(folder: copy)
  }

  static func recipe(steps: Int) throws -> DiffusionRecipe {
    var recipe: DiffusionRecipe = try RecipeCatalog.recipe("small")
    recipe.steps = steps
    recipe.batchSize = 4
    recipe.warmupSteps = 2
    recipe.precision = .float32
    return recipe
  }

  static func objective(
    _ recipe: DiffusionRecipe, dropout: Double = 0, in folder: URL
  ) throws -> DiffusionObjective {
    var architecture = Self.architecture
    architecture.unet.dropout = dropout
    let generator = try Generator(seed: 9)
    // One value a channel: there is something to learn, unlike in white noise.
    let latents = try Tensor.randn([24, 4, 1, 1], generator: generator).expand(size: [24, 4, 8, 8]).contiguous()
      .to(.float16)
    let encoder = { try makeEncoder(in: folder) }
    let prompts = try PromptCache.encode(
      ListedCaptions((0..<12).map { ["image \($0)", "a longer text of image \($0 % 3)"] }),
      in: folder.appendingPathComponent("texts"), key: "k", encoder: encoder, tokenLimit: 16,
      limits: RunLimits { false }, note: { _ in }, progress: { _, _ in })
    let cache = try LatentCache.encode(
      by: FeatureEncoding(
        plan: FeaturePlan(folder: folder.appendingPathComponent("latents"), key: "k", count: 24, batch: 4),
        limits: RunLimits { false }, note: { _ in }, progress: { _ in })
    ) { try latents.narrow(dim: 0, start: $0.lowerBound, length: $0.count) }
    let statistics = cache.statistics
    let examples = DiffusionExamples(
      latentCache: cache, images: ExampleImages((0..<24).map { $0 / 2 }), statistics: statistics, prompts: prompts)
    let autoencoder = try Autoencoder(
      ParameterStore(generator: Generator(seed: 1)).root, TinyDataset.autoencoder)
    let sampling = SamplingSettings(steps: 2, guidance: 2, guidanceFrom: .opposites, sampler: .euler)
    let pictures = SamplePictures(
      description: ModelDescription(
        name: "tiny", preset: "custom", architecture: Self.architecture, scheduler: recipe.scheduler,
        latent: statistics,
        textEncoder: TextEncoderReference(name: "tiny"),
        sampling: sampling, licence: "none"),
      codec: autoencoder,
      encoded: try EncodedPrompts(
        ["image of a man"], by: encoder(), for: Self.architecture.textProjection, sampling: sampling), device: .cpu,
      columns: 2)
    return DiffusionObjective(
      try DiffusionLoss(recipe, architecture: architecture, device: .cpu), training: examples, validation: examples,
      validated: Array(0..<24), pictures: pictures)
  }

  private func run(_ folder: URL, resume: Bool = false, stopAfter: Int = .max) throws -> LoopOutcome {
    var cadence = Cadence()
    cadence.validate = 6
    return try ToyObjective.train(
      Self.objective(Self.recipe(steps: 6), in: folder), in: folder, cadence: cadence, resume: resume,
      stopAfter: stopAfter)
  }

  @Test("a run that was stopped and resumed ends with the very bytes of one that was not, and draws samples")
  func exactResume() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-diffusion-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let (whole, parts) = (root.appendingPathComponent("whole"), root.appendingPathComponent("parts"))
    for folder in [whole, parts] {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    #expect(try run(whole) == .finished(step: 6))
    #expect(try run(parts, stopAfter: 4) == .stopped(step: 4))
    #expect(try run(parts, resume: true) == .finished(step: 6))
    let files = [whole, parts].map { RunFolder($0, stage: .diffusion) }
    #expect(try Data(contentsOf: files[0].checkpoint(step: 6)) == Data(contentsOf: files[1].checkpoint(step: 6)))
    let sample = files[0].samples.appendingPathComponent("step-00000006.png")
    #expect(FileManager.default.fileExists(atPath: sample.path))
    let weights = try SafetensorsFile(path: files[0].best.path).names
    #expect(weights.contains { $0.hasPrefix("unet.") })
    #expect(weights.contains { $0.hasPrefix("text.") })
  }

  @Test("training makes the loss fall")
  func learning() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-diffusion-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    let objective = try Self.objective(Self.recipe(steps: 120), in: root)
    let losses = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<120)
    let (early, late) = (losses.prefix(20).reduce(0, +) / 20, losses.suffix(20).reduce(0, +) / 20)
    #expect(late < 0.8 * early, "\(early) to \(late)")
  }

  @Test("latent statistics make every channel's mean 0 and deviation 1, and back again")
  func statistics() throws {
    let latents = try Tensor.randn([10, 4, 8, 8], generator: Generator(seed: 2)) * 3.0 + 5.0
    let statistics = try ChannelMoments(latents).statistics
    let scaling = try LatentScaling(statistics, device: .cpu)
    let normalised = try scaling.normalised(latents)
    for value in try normalised.mean(dim: [0, 2, 3]).doubles() { #expect(abs(value) < 1e-5) }
    for value in try normalised.std(dim: [0, 2, 3]).doubles() { #expect(abs(value - 1) < 1e-5) }
    let back = try (scaling.denormalised(normalised) - latents).abs().max().item()
    #expect(back < 1e-5)
  }
}
