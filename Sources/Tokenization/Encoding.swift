/// A text as a BERT encoder reads it.
public struct Encoding: Equatable, Sendable {
  /// Token identifiers, `[CLS]` and `[SEP]` included.
  public var ids: [Int]
  /// 1 for a token, 0 for padding; as many as `ids`.
  public var attentionMask: [Int]
  /// Where the text was cut, if it was.
  public var truncation: Truncation?

  /// The number of tokens that are not padding.
  public var tokenCount: Int { attentionMask.reduce(0, +) }

  public init(ids: [Int], attentionMask: [Int], truncation: Truncation? = nil) {
    self.ids = ids
    self.attentionMask = attentionMask
    self.truncation = truncation
  }
}

/// What of a text did not fit.
public struct Truncation: Equatable, Sendable, CustomStringConvertible {
  /// Tokens of the whole text, without `[CLS]` and `[SEP]`.
  public var tokenCount: Int
  /// Tokens that were kept, without `[CLS]` and `[SEP]`.
  public var keptTokenCount: Int
  /// Where in the original text the first dropped token begins, in characters as a reader counts them.
  public var characterOffset: Int
  /// The same place in Unicode scalars, as Python counts.
  public var scalarOffset: Int

  public init(tokenCount: Int, keptTokenCount: Int, characterOffset: Int, scalarOffset: Int) {
    self.tokenCount = tokenCount
    self.keptTokenCount = keptTokenCount
    self.characterOffset = characterOffset
    self.scalarOffset = scalarOffset
  }

  /// A note for the user, such as `cut after 254 of 310 tokens, at character 1203`.
  public var description: String {
    "cut after \(keptTokenCount) of \(tokenCount) tokens, at character \(characterOffset)"
  }
}
