/// One layer of an encoder or a decoder. The number of channels that come in follows from the layers before.
public enum AutoencoderLayer: Codable, Sendable, Equatable {
  /// A convolution with its bias and nothing else; padding keeps the size at stride 1.
  case convolution(channels: Int, kernel: Int = 3, stride: Int = 1)
  /// Group normalisation, activation, 3x3 convolution.
  case normalisedConvolution(channels: Int, stride: Int = 1)
  /// Group normalisation, activation, 4x4 transposed convolution: twice the size.
  case normalisedTransposedConvolution(channels: Int)
  /// Group normalisation, activation, 3x3 convolution, twice, plus the input; a 1x1 shortcut if width or size
  /// change.
  case normalisedResidual(channels: Int, stride: Int = 1)
  /// Activation, 3x3 convolution, twice, plus the input: no normalisation, same width and size.
  case residual
  /// Self-attention over all positions, plus the input.
  case selfAttention(heads: Int)
  /// Blocks of `factor` x `factor` pixels become channels.
  case pixelUnshuffle(factor: Int)
  /// Channels become blocks of `factor` x `factor` pixels.
  case pixelShuffle(factor: Int)
  /// Nearest-neighbour enlargement.
  case upsample(factor: Int)
}
