import Support

/// A `tokenizer.json`: its sections as they are, but the vocabulary, which is most of it, straight into a list of tokens.
struct TokenizerFile {
  /// The sections by name; that of the model is `model`.
  private(set) var sections: [String: JSONDocument] = [:]
  /// The members of the model, but for its vocabulary.
  private(set) var model: [String: JSONDocument] = [:]
  /// The tokens of the model's vocabulary; nil if it is not an object of tokens and identifiers.
  private(set) var vocabulary: TokenList?

  init(contentsOf path: String) throws(TokenizationError) {
    let file = try readTokenizerFile(path)
    do throws(JSONSyntaxError) {
      var reader = try JSONReader(file.bytes)
      try reader.enterObject()
      while let section = try reader.nextKey() {
        if section == "model", reader.nextKind() == .object {
          try readModel(&reader)
        } else {
          sections[section] = try JSONDocument(from: &reader)
        }
      }
      try reader.finish()
    } catch {
      throw TokenizationError.unreadable(path: path, reason: error.description).unlessMistaken(file)
    }
    withExtendedLifetime(file) {}
  }

  private mutating func readModel(_ reader: inout JSONReader) throws(JSONSyntaxError) {
    try reader.enterObject()
    while let key = try reader.nextKey() {
      guard key == "vocab", reader.nextKind() == .object else {
        model[key] = try JSONDocument(from: &reader)
        continue
      }
      var tokens = TokenList()
      try reader.enterObject()
      while let token = try reader.nextKey() {
        let identifier = try reader.nonNegativeInteger()
        guard identifier <= Int(Int32.max) else { throw reader.error(expecting: "an identifier below 2^31") }
        tokens.append(token.utf8, identifier: identifier)
      }
      vocabulary = tokens
    }
  }
}

/// Maps a file of a tokenizer.
func readTokenizerFile(_ path: String) throws(TokenizationError) -> MappedFile {
  do {
    return try MappedFile(path: path)
  } catch {
    throw .unreadable(path: path, reason: "the file cannot be opened")
  }
}

/// The options in a `tokenizer_config.json`.
func readOptions(_ path: String) throws(TokenizationError) -> JSONDocument {
  let file = try readTokenizerFile(path)
  do throws(JSONSyntaxError) {
    return try JSONDocument(parsing: file.bytes)
  } catch {
    throw TokenizationError.unreadable(path: path, reason: error.description).unlessMistaken(file)
  }
}

extension TokenizationError {
  /// The error, or what is in the file in place of a tokenizer.
  func unlessMistaken(_ file: MappedFile) -> TokenizationError {
    MistakenContent(inPlaceOfText: file.bytes).map { .mistaken(path: file.path, content: $0) } ?? self
  }
}
