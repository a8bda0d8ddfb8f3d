/// The trainable layers between a frozen text encoder and the U-Net.
public struct TextProjectionArchitecture: Codable, Sendable, Equatable {
  /// What the network is given for "no text" in classifier-free guidance (Ho and Salimans, 2021).
  public enum NullCondition: String, Codable, Sendable {
    /// Zeros in place of the projected tokens and of the pooled text.
    case zeros
    /// One token and one pooled vector that are trained.
    case learned
  }

  /// The whole text in one vector, which is added to the time embedding.
  public struct Pooling: Codable, Sendable, Equatable {
    public enum Source: String, Codable, Sendable {
      /// The encoder's last hidden states.
      case hidden
      /// The projected tokens.
      case projected
    }

    /// What the mean over the real tokens is taken of.
    public var source: Source
    /// The width of a hidden layer with SiLU, or nil for one linear layer.
    public var hiddenWidth: Int?
    /// The width of the U-Net's time embedding.
    public var outputWidth: Int

    public init(source: Source, hiddenWidth: Int? = nil, outputWidth: Int) {
      self.source = source
      self.hiddenWidth = hiddenWidth
      self.outputWidth = outputWidth
    }
  }

  /// The width of the encoder's hidden states.
  public var hiddenWidth: Int
  /// The width of the tokens that the U-Net attends to.
  public var contextWidth: Int
  public var pooling: Pooling?
  public var nullCondition: NullCondition
  /// The most tokens that are encoded, special ones included.
  public var tokenLimit: Int
  /// Whether texts are padded to the limit and the padding is attended to, as in the author's code; otherwise only
  /// real tokens are seen.
  public var attendsToPadding: Bool

  public init(
    hiddenWidth: Int, contextWidth: Int, pooling: Pooling?, nullCondition: NullCondition, tokenLimit: Int,
    attendsToPadding: Bool = false
  ) {
    self.hiddenWidth = hiddenWidth
    self.contextWidth = contextWidth
    self.pooling = pooling
    self.nullCondition = nullCondition
    self.tokenLimit = tokenLimit
    self.attendsToPadding = attendsToPadding
  }
}
