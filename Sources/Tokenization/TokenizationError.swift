import Support

/// Why a tokenizer could not be made, or a text not be encoded.
public enum TokenizationError: Error, Equatable, CustomStringConvertible {
  /// Neither `tokenizer.json` nor `vocab.txt` is in a folder in which a tokenizer was looked for.
  case missingFiles(path: String)
  /// A file that cannot be read or understood.
  case unreadable(path: String, reason: String)
  /// A file with something else in it than a tokenizer.
  case mistaken(path: String, content: MistakenContent)
  /// A file that asks for something that is not BERT's WordPiece.
  case unsupported(path: String, option: String, value: String)
  /// A token that the vocabulary must hold.
  case missingToken(String)
  /// A limit that leaves no room for `[CLS]` and `[SEP]`.
  case maximumLengthTooSmall(Int, minimum: Int)
  /// A text of more scalars than can be counted in 32 bits.
  case textTooLong(scalars: Int)

  public var description: String {
    switch self {
    case .missingFiles(let path):
      "no tokenizer.json and no vocab.txt in \(path): \(BroughtBySetup.remedy(forEncoderAt: path))"
    case .unreadable(let path, let reason):
      "cannot read the tokenizer \(path) (\(reason)): \(BroughtBySetup.remedy(forEncoderAt: path))"
    case .mistaken(let path, let content): BroughtBySetup.description(of: content, inPlaceOfEncoderAt: path)
    case .unsupported(let path, let option, let value):
      "\(path) has \(option) \(value), which is not a BERT tokenizer's: use a WordPiece tokenizer"
    case .missingToken(let token):
      "the vocabulary lacks \(token): use the vocabulary that came with the encoder"
    case .maximumLengthTooSmall(let length, let minimum):
      "a limit of \(length) tokens leaves no room for text: use at least \(minimum)"
    case .textTooLong(let scalars):
      "a text of \(scalars) characters is too long: use fewer than 2147483648"
    }
  }
}
