import RadiographModels
import Torch

/// Small networks with every kind of part, for properties that hold at any size.
enum TinyNetworks {
  static func unet(
    latentChannels: Int = 4, contextWidth: Int = 12, _ change: (inout UNetArchitecture) -> Void = { _ in }
  ) -> UNetArchitecture {
    var architecture = UNetArchitecture(
      latentChannels: latentChannels,
      levels: [
        .init(channels: 8, blocks: 1), .init(channels: 16, blocks: 2, selfAttention: .last, crossAttention: .every),
      ],
      middle: .init(blocks: 2, selfAttention: .first, crossAttention: .first), skips: .residualBlocks,
      timeEmbedding: .init(sinusoids: 8, width: 16, scale: 1000), conditioning: .scaleAndShift,
      contextWidth: contextWidth, attentionHeads: .width(8), attentionPlacement: .afterResidual,
      downsampling: .stridedConvolutionToNextLevel, upsampling: .pixelShuffle, normalisationGroups: 4)
    change(&architecture)
    return architecture
  }

  static func text(rows: Int, tokens: Int, width: Int = 12, pooled: Int? = 16, generator: Generator) throws
    -> TextCondition
  {
    TextCondition(
      context_BSC: try Tensor.randn([rows, tokens, width], generator: generator),
      mask_BS: try Tensor.ones([rows, tokens], dtype: .bool),
      pooled_BE: try pooled.map { try Tensor.randn([rows, $0], generator: generator) })
  }

  /// Every kind of layer that is not the author's.
  static let autoencoder = AutoencoderArchitecture(
    latentChannels: 4,
    encoder: [
      .pixelUnshuffle(factor: 2), .convolution(channels: 8), .residual, .normalisedResidual(channels: 12, stride: 2),
      .convolution(channels: 8),
    ],
    decoder: [
      .convolution(channels: 8), .upsample(factor: 2), .residual, .convolution(channels: 4), .pixelShuffle(factor: 2),
    ], normalisationGroups: 4)

  static let textProjection = TextProjectionArchitecture(
    hiddenWidth: 6, contextWidth: 12, pooling: .init(source: .hidden, hiddenWidth: 8, outputWidth: 16),
    nullCondition: .learned, tokenLimit: 8)
}
