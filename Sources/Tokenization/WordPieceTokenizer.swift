import Foundation

/// BERT's tokenizer: the same identifiers as Hugging Face `tokenizers` for every text.
///
/// Covers the uncased models (MiniLM: lower case, no accents) and the cased ones (BioBERT). Encoding is linear in the
/// length of the text.
///
/// What a character is, that library takes from several versions of Unicode: punctuation, marks and controls from 8,
/// decompositions from 12, lower case from 17. Tables taken from `tokenizers` 0.23.3 replace those of Swift's
/// standard library, which are of one version, and on macOS of another with every system.
public struct WordPieceTokenizer: Sendable {
  let configuration: TokenizerConfiguration
  private let vocabulary: WordPieceVocabulary
  private let addedTokens: AddedTokens

  /// The names of all files of a model's folder that a tokenizer may be read from.
  public static let fileNames = TokenizerConfiguration.fileNames + [TokenizerConfiguration.optionsName]

  /// Reads a tokenizer from a model's folder (`tokenizer.json`, otherwise `vocab.txt` with `tokenizer_config.json`), or
  /// from one of these files.
  ///
  /// Padding and truncation that `tokenizer.json` may ask for are not applied: `encode` is given the limit. A bare
  /// `vocab.txt` says nothing of case; `lowercases` of `tokenizer_config.json` decides, and without it a vocabulary
  /// that holds capital letters is a cased one.
  ///
  /// - Throws: `TokenizationError` for files that are missing, damaged, or not of a BERT tokenizer.
  public init(contentsOf url: URL) throws {
    try self.init(configuration: TokenizerConfiguration(contentsOf: url))
  }

  init(configuration: TokenizerConfiguration) throws {
    self.configuration = configuration
    vocabulary = try WordPieceVocabulary(
      tokens: configuration.tokens, unknownToken: configuration.unknownToken,
      prefix: configuration.continuingPrefix, maximumScalarsPerWord: configuration.maximumScalarsPerWord)
    addedTokens = AddedTokens(configuration.addedTokens)
  }

  /// The number of distinct tokens in the vocabulary.
  public var vocabularySize: Int { vocabulary.count }

  /// The identifier of `[PAD]`.
  public var paddingID: Int { configuration.paddingID }

  /// Whether capital and small letters are different to the tokenizer.
  var isCased: Bool { !configuration.normalizer.lowercases }

  /// The identifier of a token; nil if the vocabulary lacks it.
  public func id(of token: String) -> Int? { addedTokens.id(of: token) ?? vocabulary.identifier(of: token) }

  /// Encodes a text as `[CLS] tokens [SEP]`, dropping tokens from its end that do not fit.
  ///
  /// - Parameter maximumLength: The most identifiers to return, those of `[CLS]` and `[SEP]` included.
  /// - Throws: `TokenizationError.maximumLengthTooSmall` if not even the special tokens fit.
  public func encode(_ text: String, maximumLength: Int) throws -> Encoding {
    let room = maximumLength - configuration.leadingIDs.count - configuration.trailingIDs.count
    guard room >= 0 else {
      throw TokenizationError.maximumLengthTooSmall(maximumLength, minimum: maximumLength - room + 1)
    }
    let tokens = try tokenize(text)
    let ids = configuration.leadingIDs + tokens.ids.prefix(room) + configuration.trailingIDs
    var truncation: Truncation?
    if tokens.count > room {
      let scalarOffset = Int(tokens.scalarOffsets[room])
      let end = text.unicodeScalars.index(text.startIndex, offsetBy: scalarOffset)
      truncation = Truncation(
        tokenCount: tokens.count, keptTokenCount: room,
        characterOffset: text.distance(from: text.startIndex, to: end), scalarOffset: scalarOffset)
    }
    return Encoding(ids: ids, attentionMask: Array(repeating: 1, count: ids.count), truncation: truncation)
  }

  /// All tokens of a text.
  func tokenize(_ text: String) throws(TokenizationError) -> TokenSequence {
    let scalars = text.unicodeScalars.map(\.value)
    guard scalars.count <= Int(Int32.max) else { throw .textTooLong(scalars: scalars.count) }
    var tokens = TokenSequence()
    var buffer: [UInt8] = []
    // Special tokens written out in the text are found before anything is normalised.
    for part in addedTokens.split(scalars) {
      switch part {
      case .added(let id, let offset):
        tokens.append(id, at: Int32(offset))
      case .text(let range):
        let normalized = configuration.normalizer.normalize(scalars, in: range)
        for word in BertPreTokenizer.words(in: normalized.scalars) {
          vocabulary.appendTokens(of: word, in: normalized, buffer: &buffer, to: &tokens)
        }
      }
    }
    return tokens
  }
}
