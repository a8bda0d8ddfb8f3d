/// What a U-Net is made of (Ronneberger et al., 2015; Ho et al., 2020; Rombach et al., 2022).
public struct UNetArchitecture: Codable, Sendable, Equatable {
  /// One resolution. Level 0 has the latent's, each following one half of the one before.
  public struct Level: Codable, Sendable, Equatable {
    public var channels: Int
    /// Residual blocks on the way down. On the way up there are as many, or one more with ``Skips/everyFeature``.
    public var blocks: Int
    /// The blocks with self-attention; counted on the way down and on the way up alike.
    public var selfAttention: BlockSelection
    /// The blocks with attention to the text.
    public var crossAttention: BlockSelection

    public init(
      channels: Int, blocks: Int, selfAttention: BlockSelection = .none, crossAttention: BlockSelection = .none
    ) {
      self.channels = channels
      self.blocks = blocks
      self.selfAttention = selfAttention
      self.crossAttention = crossAttention
    }
  }

  /// The blocks at the lowest resolution, between the way down and the way up.
  public struct Middle: Codable, Sendable, Equatable {
    public var blocks: Int
    public var selfAttention: BlockSelection
    public var crossAttention: BlockSelection

    public init(blocks: Int, selfAttention: BlockSelection = .none, crossAttention: BlockSelection = .none) {
      self.blocks = blocks
      self.selfAttention = selfAttention
      self.crossAttention = crossAttention
    }
  }

  /// Some of the blocks in a row.
  public enum BlockSelection: String, Codable, Sendable {
    case none, first, last, every

    func contains(_ index: Int, of count: Int) -> Bool {
      switch self {
      case .none: false
      case .first: index == 0
      case .last: index == count - 1
      case .every: true
      }
    }
  }

  /// Which feature maps of the way down the way up gets to see.
  public enum Skips: String, Codable, Sendable {
    /// The input convolution, every block and every downsampling (Ho et al., 2020).
    case everyFeature
    /// Every block.
    case residualBlocks
  }

  /// How the time reaches a residual block.
  public enum Conditioning: String, Codable, Sendable {
    /// Added before the second normalisation (Ho et al., 2020).
    case addition
    /// Scales and shifts the second normalisation (Dhariwal and Nichol, 2021, section 3.2).
    case scaleAndShift
  }

  public enum AttentionPlacement: String, Codable, Sendable {
    /// On the branch of a residual block, before the shortcut is added.
    case insideResidual
    /// On the sum.
    case afterResidual
  }

  public enum Downsampling: String, Codable, Sendable {
    /// 3x3 convolution of stride 2, the same channels.
    case stridedConvolution
    /// 3x3 convolution of stride 2 that already gives the next level's channels.
    case stridedConvolutionToNextLevel
  }

  public enum Upsampling: String, Codable, Sendable {
    /// 4x4 transposed convolution of stride 2, then a 3x3 convolution; the same channels.
    case transposedConvolution
    /// Nearest neighbour, then a 3x3 convolution; the same channels.
    case nearest
    /// 1x1 convolution to four times the next level's channels, then pixel shuffle: a fraction of the cost.
    case pixelShuffle
  }

  /// How wide attention is: `{count: 8}` or `{width: 32}`.
  public enum Heads: Codable, Sendable, Equatable {
    case count(Int)
    /// As many heads as give this width.
    case width(Int)

    private enum Key: String, CodingKey {
      case count, width
    }

    /// As models were written before.
    private struct Value: Decodable {
      var _0: Int
    }

    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      guard values.allKeys.count == 1, let key = values.allKeys.first else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "give one of count and width, as in {width: 32}"))
      }
      let number = try (try? values.decode(Value.self, forKey: key)._0) ?? values.decode(Int.self, forKey: key)
      self = key == .count ? .count(number) : .width(number)
    }

    public func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: Key.self)
      switch self {
      case .count(let number): try values.encode(number, forKey: .count)
      case .width(let number): try values.encode(number, forKey: .width)
      }
    }

    func count(channels: Int) throws -> Int {
      switch self {
      case .count(let count):
        try ArchitectureError.requireDivisible(channels, by: count, "channels", "attention heads")
        return count
      case .width(let width):
        try ArchitectureError.requireDivisible(channels, by: width, "channels", "the width of an attention head")
        return channels / width
      }
    }
  }

  /// The sinusoids of the time and the network over them.
  public struct TimeEmbedding: Codable, Sendable, Equatable {
    /// The number of cosines and sines together.
    public var sinusoids: Int
    /// The width of both linear layers, and of the pooled text that is added to them.
    public var width: Int
    /// What times are multiplied by: 1 for steps of 0 to 999, 1000 for flow times of 0 to 1.
    public var scale: Double
    /// The longest wavelength over 2 pi.
    public var period: Double

    public init(sinusoids: Int, width: Int, scale: Double = 1, period: Double = 10_000) {
      self.sinusoids = sinusoids
      self.width = width
      self.scale = scale
      self.period = period
    }
  }

  public var latentChannels: Int
  public var levels: [Level]
  public var middle: Middle
  public var skips: Skips
  public var timeEmbedding: TimeEmbedding
  public var conditioning: Conditioning
  /// The width of the text's tokens.
  public var contextWidth: Int
  public var attentionHeads: Heads
  public var attentionPlacement: AttentionPlacement
  public var downsampling: Downsampling
  public var upsampling: Upsampling
  public var normalisationGroups: Int
  public var normalisationEpsilon: Double
  /// The share of features that training drops before the second convolution of a block.
  public var dropout: Double
  /// Whether a fresh network starts with zeros in the last layer of every branch, and so as zero.
  public var startsAtZero: Bool

  public init(
    latentChannels: Int, levels: [Level], middle: Middle, skips: Skips, timeEmbedding: TimeEmbedding,
    conditioning: Conditioning, contextWidth: Int, attentionHeads: Heads, attentionPlacement: AttentionPlacement,
    downsampling: Downsampling, upsampling: Upsampling, normalisationGroups: Int = 8,
    normalisationEpsilon: Double = 1e-5, dropout: Double = 0, startsAtZero: Bool = false
  ) {
    self.latentChannels = latentChannels
    self.levels = levels
    self.middle = middle
    self.skips = skips
    self.timeEmbedding = timeEmbedding
    self.conditioning = conditioning
    self.contextWidth = contextWidth
    self.attentionHeads = attentionHeads
    self.attentionPlacement = attentionPlacement
    self.downsampling = downsampling
    self.upsampling = upsampling
    self.normalisationGroups = normalisationGroups
    self.normalisationEpsilon = normalisationEpsilon
    self.dropout = dropout
    self.startsAtZero = startsAtZero
  }

  /// What the side of a latent must be a multiple of.
  public var latentSideMultiple: Int { 1 << max(levels.count - 1, 0) }
}
