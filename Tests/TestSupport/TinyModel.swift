import Diffusion
import Foundation
import Models
import RadiographModels
import Torch

/// A model of a few thousand random weights, written by the real writer: everything but the picture is as in a
/// trained one.
public struct TinyModel: Sendable {
  /// The model folder.
  public let folder: URL
  /// The folder of its text encoder, `encoders/tiny` beside it.
  public let encoder: URL

  /// Writes both below `root`.
  ///
  /// - Parameter fixtures: `Tests/Fixtures`, which holds the encoder's weights.
  @discardableResult
  public init(at root: URL, fixtures: URL, dtype: DType = .float32) throws {
    folder = root.appendingPathComponent("models/tiny")
    encoder = root.appendingPathComponent("encoders/tiny")
    let manager = FileManager.default
    try manager.createDirectory(at: encoder.deletingLastPathComponent(), withIntermediateDirectories: true)
    try manager.copyItem(at: fixtures.appendingPathComponent("bert/tiny"), to: encoder)
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "clear", "lungs", "no", "effusion", ",", "."]
    let vocabulary = words + (words.count..<53).map { "w\($0)" }
    try vocabulary.joined(separator: "\n")
      .write(to: encoder.appendingPathComponent("vocab.txt"), atomically: true, encoding: .utf8)
    try ModelFolder.write(Self.description, weights: Self.weights(), card: "# tiny\n", dtype: dtype, to: folder.path)
  }

  /// The environment in which the program finds model and encoder by name.
  public var environment: [String: String] {
    [
      "THORAX_HOME": folder.deletingLastPathComponent().deletingLastPathComponent().path,
      "THORAX_TEXT_ENCODERS": encoder.deletingLastPathComponent().path,
    ]
  }

  public static let architecture = ModelArchitecture(
    imageSide: 32,
    autoencoder: AutoencoderArchitecture(
      latentChannels: 4,
      encoder: [.pixelUnshuffle(factor: 4), .convolution(channels: 16), .residual, .convolution(channels: 8)],
      decoder: [.convolution(channels: 16), .residual, .convolution(channels: 16), .pixelShuffle(factor: 4)]),
    unet: UNetArchitecture(
      latentChannels: 4,
      levels: [.init(channels: 16, blocks: 1), .init(channels: 16, blocks: 1, crossAttention: .every)],
      middle: .init(blocks: 1, selfAttention: .first), skips: .residualBlocks,
      timeEmbedding: .init(sinusoids: 16, width: 32, scale: 1000), conditioning: .scaleAndShift, contextWidth: 16,
      attentionHeads: .width(8), attentionPlacement: .afterResidual, downsampling: .stridedConvolutionToNextLevel,
      upsampling: .pixelShuffle),
    textProjection: TextProjectionArchitecture(
      hiddenWidth: 24, contextWidth: 16, pooling: .init(source: .hidden, outputWidth: 32), nullCondition: .learned,
      tokenLimit: 32))

  public static let description = ModelDescription(
    name: "tiny", preset: "custom", architecture: architecture, scheduler: .rectifiedFlow,
    latent: LatentStatistics(mean: [0.1, -0.2, 0, 0.3], standardDeviation: [1, 0.5, 2, 1]),
    textEncoder: TextEncoderReference(name: "tiny"),
    sampling: SamplingSettings(steps: 4, guidance: 2, sampler: .euler), licence: "CC0-1.0")

  /// The same with layers of as many channels as are computed in 8-bit integers.
  public static let wideArchitecture: ModelArchitecture = {
    var wide = architecture
    for level in wide.unet.levels.indices { wide.unet.levels[level].channels = 64 }
    wide.autoencoder.decoder = [
      .convolution(channels: 64), .residual, .residual, .convolution(channels: 16), .pixelShuffle(factor: 4),
    ]
    return wide
  }()

  /// Random weights for every part, the same at each call.
  public static func weights(of architecture: ModelArchitecture = architecture) throws -> ModelWeights {
    let generator = try Generator(seed: 3)
    return try Dictionary(
      uniqueKeysWithValues: ModelPart.all.map { ($0, try $0.freshWeights(of: architecture, generator: generator)) })
  }
}
