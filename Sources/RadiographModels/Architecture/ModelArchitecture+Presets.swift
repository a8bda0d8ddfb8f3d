/// The architectures that Thorax knows by name.
public enum ModelPreset: String, Codable, Sendable, CaseIterable {
  /// The networks of the article author's code: checkpoints trained with it load and run.
  case released
  /// The networks of the article's prose.
  case paper
  /// The networks of the model that ships: the best that a CPU trains in an hour and runs in a fraction of a second.
  case small

  public var architecture: ModelArchitecture {
    switch self {
    case .released: .released
    case .paper: .paper
    case .small: .small
    }
  }
}

extension ModelArchitecture {
  /// The author's code, tensor for tensor: 3,246,353 parameters in the autoencoder, 39,658,856 in the U-Net, 593,664
  /// in the text projection over BioBERT.
  ///
  /// The attention of the decoder stands before its first two stages, and that of the U-Net at its lowest level and
  /// in the first middle block only, on the branch; padding is attended to; no text is zeros.
  public static let released = released()

  /// The author's code with other widths than its defaults.
  static func released(
    latentChannels: Int = 8, autoencoderChannels a: Int = 48, unetChannels u: Int = 48, hiddenWidth: Int = 768,
    contextWidth: Int = 768
  ) -> ModelArchitecture {
    // Widths come out of a file: those beyond any limit stay beyond it and are refused by name, without overflow.
    func times(_ factor: Int, _ width: Int) -> Int { factor * min(max(width, 0), 1 << 40) }
    return ModelArchitecture(
      autoencoder: AutoencoderArchitecture(
        latentChannels: latentChannels,
        encoder: [
          .convolution(channels: a),
          .normalisedConvolution(channels: times(2, a), stride: 2),
          .normalisedConvolution(channels: times(4, a), stride: 2),
          .normalisedConvolution(channels: times(8, a), stride: 2),
          .normalisedConvolution(channels: times(2, latentChannels)),
        ],
        decoder: [
          .convolution(channels: times(8, a)),
          .selfAttention(heads: 8),
          .normalisedTransposedConvolution(channels: times(4, a)),
          .selfAttention(heads: 8),
          .normalisedTransposedConvolution(channels: times(2, a)),
          .normalisedTransposedConvolution(channels: a),
          .normalisedConvolution(channels: 1),
        ]),
      unet: UNetArchitecture(
        latentChannels: latentChannels,
        levels: [
          .init(channels: u, blocks: 2), .init(channels: times(2, u), blocks: 2),
          .init(channels: times(4, u), blocks: 2), .init(channels: times(8, u), blocks: 2, crossAttention: .every),
        ],
        middle: .init(blocks: 2, crossAttention: .first), skips: .everyFeature,
        timeEmbedding: .init(sinusoids: u, width: times(4, u)), conditioning: .addition, contextWidth: contextWidth,
        attentionHeads: .count(8), attentionPlacement: .insideResidual, downsampling: .stridedConvolution,
        upsampling: .transposedConvolution, dropout: 0.1),
      textProjection: TextProjectionArchitecture(
        hiddenWidth: hiddenWidth, contextWidth: contextWidth, pooling: nil, nullCondition: .zeros, tokenLimit: 256,
        attendsToPadding: true))
  }

  /// The article's prose, sections 3.2.1 to 3.2.3, over BioBERT. Chosen freely, since the article leaves it open:
  ///
  /// - Autoencoder (3,259,393 parameters; the article says 3.25 M). The encoder's residual blocks halve the size three
  ///   times, the fourth keeps it, and each attention comes once its resolution, 64x64 and 32x32, is reached. The
  ///   decoder goes back through nearest-neighbour steps and residual blocks of 112, 64 and 32 channels, its widths
  ///   being what remains of the total, with attention at the same two resolutions.
  /// - U-Net (39,377,800; 39.66 M). Blocks 2, 1, 1, 0 at 32x32, 16x16, 8x8 and 4x4, and one in the middle, take the
  ///   same number on the way up. Every block at the first three levels has self- and cross-attention, with heads 64
  ///   wide, after the residual sum. A strided convolution widens on the way down. The time embedding is as wide as
  ///   the pooled text, 384, and has as many sinusoids.
  /// - Text (593,280). The pooled text is the mean over the real tokens after the projection; padding is not attended
  ///   to; no text is zeros.
  public static let paper = ModelArchitecture(
    autoencoder: AutoencoderArchitecture(
      encoder: [
        .convolution(channels: 32),
        .normalisedResidual(channels: 64, stride: 2),
        .normalisedResidual(channels: 128, stride: 2), .selfAttention(heads: 8),
        .normalisedResidual(channels: 256, stride: 2), .selfAttention(heads: 8),
        .normalisedResidual(channels: 256),
        .normalisedConvolution(channels: 16),
      ],
      decoder: [
        .convolution(channels: 120), .selfAttention(heads: 8),
        .upsample(factor: 2), .normalisedResidual(channels: 112), .selfAttention(heads: 8),
        .upsample(factor: 2), .normalisedResidual(channels: 64),
        .upsample(factor: 2), .normalisedResidual(channels: 32),
        .normalisedConvolution(channels: 1),
      ]),
    unet: UNetArchitecture(
      latentChannels: 8,
      levels: [
        .init(channels: 128, blocks: 2, selfAttention: .every, crossAttention: .every),
        .init(channels: 256, blocks: 1, selfAttention: .every, crossAttention: .every),
        .init(channels: 512, blocks: 1, selfAttention: .every, crossAttention: .every),
        .init(channels: 512, blocks: 0),
      ],
      middle: .init(blocks: 1), skips: .residualBlocks, timeEmbedding: .init(sinusoids: 384, width: 384),
      conditioning: .addition, contextWidth: 512, attentionHeads: .width(64), attentionPlacement: .afterResidual,
      downsampling: .stridedConvolutionToNextLevel, upsampling: .nearest),
    textProjection: TextProjectionArchitecture(
      hiddenWidth: 768, contextWidth: 512, pooling: .init(source: .projected, outputWidth: 384),
      nullCondition: .zeros, tokenLimit: 256))

  /// What `./thorax` ships and trains by default, over MiniLM's 384-wide states.
  ///
  /// The autoencoder has neither normalisation nor attention: an unshuffled stem, residual blocks at a quarter and an
  /// eighth of the resolution, at which a convolution is cheap, and pixel shuffles on the way back, so that decoding costs
  /// a few GFLOP. The U-Net is convolutional, with self- and cross-attention at 8x8 alone; half of its blocks stand
  /// there, at the least cost of parameters. The text comes in twice: by its tokens, and pooled with the time, which is
  /// learned first. No text is a learned token and a learned vector.
  public static let small = ModelArchitecture(
    autoencoder: AutoencoderArchitecture(
      encoder: [
        .pixelUnshuffle(factor: 4), .convolution(channels: 64), .residual, .residual,
        .convolution(channels: 128, stride: 2), .residual, .residual, .convolution(channels: 16),
      ],
      decoder: [
        .convolution(channels: 128), .residual, .residual, .residual, .residual,
        .convolution(channels: 256), .pixelShuffle(factor: 2), .residual, .residual, .residual,
        .convolution(channels: 16), .pixelShuffle(factor: 4),
      ]),
    unet: UNetArchitecture(
      latentChannels: 8,
      levels: [
        .init(channels: 64, blocks: 1), .init(channels: 128, blocks: 1, crossAttention: .last),
        .init(channels: 192, blocks: 2, selfAttention: .last, crossAttention: .last),
      ],
      middle: .init(blocks: 2, selfAttention: .first, crossAttention: .first), skips: .residualBlocks,
      timeEmbedding: .init(sinusoids: 64, width: 256, scale: 1000), conditioning: .scaleAndShift, contextWidth: 256,
      attentionHeads: .width(32), attentionPlacement: .afterResidual,
      downsampling: .stridedConvolutionToNextLevel, upsampling: .pixelShuffle, startsAtZero: true),
    textProjection: TextProjectionArchitecture(
      hiddenWidth: 384, contextWidth: 256,
      pooling: .init(source: .hidden, hiddenWidth: 256, outputWidth: 256), nullCondition: .learned, tokenLimit: 256))
}
