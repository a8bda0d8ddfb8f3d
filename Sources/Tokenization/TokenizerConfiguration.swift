import Foundation

/// What a tokenizer's files say.
struct TokenizerConfiguration: Sendable {
  var tokens: TokenList
  var normalizer: BertNormalizer
  var unknownToken = "[UNK]"
  var continuingPrefix = "##"
  var maximumScalarsPerWord = 100
  var addedTokens: [AddedToken]
  /// What goes before and after every text: `[CLS]` and `[SEP]`.
  var leadingIDs: [Int]
  var trailingIDs: [Int]
  var paddingID: Int

  /// Reads a folder, a `tokenizer.json` or a vocabulary of one token a line.
  init(contentsOf url: URL) throws(TokenizationError) {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    guard exists else { throw .missingFiles(path: url.path) }
    guard isFolder.boolValue else {
      self =
        try url.pathExtension.lowercased() == "json"
        ? TokenizerConfiguration(tokenizerFile: url) : TokenizerConfiguration(vocabularyFile: url)
      return
    }
    for name in ["tokenizer.json", "vocab.txt"] {
      let file = url.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: file.path) {
        self = try TokenizerConfiguration(contentsOf: file)
        return
      }
    }
    throw .missingFiles(path: url.path)
  }

  // MARK: vocab.txt

  private init(vocabularyFile url: URL) throws(TokenizationError) {
    let bytes = try readBytes(url)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw .unreadable(path: url.path, reason: "not UTF-8")
    }
    let (tokens, holdsCapitals) = readVocabulary(bytes)
    let siblings = url.deletingLastPathComponent().appendingPathComponent("tokenizer_config.json")
    let options =
      FileManager.default.fileExists(atPath: siblings.path) ? try JSONDocument(contentsOf: siblings) : .object([])
    let lowercases = options["do_lower_case"]?.bool ?? !holdsCapitals
    normalizer = BertNormalizer(
      separatesChineseCharacters: options["tokenize_chinese_chars"]?.bool ?? true,
      stripsAccents: options["strip_accents"]?.bool ?? lowercases,
      lowercases: lowercases)
    func special(_ content: String) throws(TokenizationError) -> AddedToken {
      guard let id = tokens.lastIdentifier(of: content) else { throw .missingToken(content) }
      return AddedToken(id: id, content: content)
    }
    self.tokens = tokens
    let start = try special("[CLS]")
    let end = try special("[SEP]")
    let padding = try special("[PAD]")
    addedTokens = [start, end, padding, try special("[UNK]"), try special("[MASK]")]
    leadingIDs = [start.id]
    trailingIDs = [end.id]
    paddingID = padding.id
  }

  // MARK: tokenizer.json

  private init(tokenizerFile url: URL) throws(TokenizationError) {
    let path = url.path
    let document = try JSONDocument(contentsOf: url)
    func require(_ section: String, _ type: String) throws(TokenizationError) -> JSONDocument {
      let value = document[section] ?? .null
      guard value["type"]?.string == type else {
        throw .unsupported(path: path, option: section, value: value["type"]?.string ?? "none")
      }
      return value
    }
    let normalizer = try require("normalizer", "BertNormalizer")
    _ = try require("pre_tokenizer", "BertPreTokenizer")
    let model = try require("model", "WordPiece")
    guard case .object(let vocabulary)? = model["vocab"] else {
      throw .unreadable(path: path, reason: "its model has no vocabulary")
    }
    tokens = TokenList()
    for (token, value) in vocabulary {
      guard let identifier = value.integer, (0...Int(Int32.max)).contains(identifier) else {
        throw .unreadable(path: path, reason: "the token \(token) has no valid identifier")
      }
      tokens.append(token.utf8, identifier: identifier)
    }
    let lowercases = normalizer["lowercase"]?.bool ?? true
    self.normalizer = BertNormalizer(
      cleansText: normalizer["clean_text"]?.bool ?? true,
      separatesChineseCharacters: normalizer["handle_chinese_chars"]?.bool ?? true,
      stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases,
      lowercases: lowercases)
    unknownToken = model["unk_token"]?.string ?? unknownToken
    continuingPrefix = model["continuing_subword_prefix"]?.string ?? continuingPrefix
    maximumScalarsPerWord = model["max_input_chars_per_word"]?.integer ?? maximumScalarsPerWord
    addedTokens = try readAddedTokens(document["added_tokens"]?.array ?? [], path: path)
    (leadingIDs, trailingIDs) = try readTemplate(document["post_processor"] ?? .null, path: path)
    let paddingToken = document["padding"]?["pad_token"]?.string ?? "[PAD]"
    let padding =
      document["padding"]?["pad_id"]?.integer ?? addedTokens.first { $0.content == paddingToken }?.id
      ?? tokens.lastIdentifier(of: paddingToken)
    guard let padding else { throw .missingToken(paddingToken) }
    paddingID = padding
  }
}

/// `added_tokens` of a `tokenizer.json`.
private func readAddedTokens(_ entries: [JSONDocument], path: String) throws(TokenizationError) -> [AddedToken] {
  var tokens: [AddedToken] = []
  for entry in entries {
    guard let id = entry["id"]?.integer, let content = entry["content"]?.string else {
      throw .unreadable(path: path, reason: "an added token has no id or content")
    }
    for option in ["single_word", "normalized"] where entry[option]?.bool == true {
      throw .unsupported(path: path, option: "the added token \(content) with \(option)", value: "true")
    }
    tokens.append(
      AddedToken(
        id: id, content: content, stripsLeft: entry["lstrip"]?.bool ?? false,
        stripsRight: entry["rstrip"]?.bool ?? false))
  }
  return tokens
}

/// What the `post_processor` of a `tokenizer.json` puts before and after a single text.
private func readTemplate(
  _ processor: JSONDocument, path: String
) throws(TokenizationError) -> (leading: [Int], trailing: [Int]) {
  switch processor["type"]?.string {
  case "BertProcessing":
    if let start = processor["cls"]?.array?.last?.integer, let end = processor["sep"]?.array?.last?.integer {
      return ([start], [end])
    }
  case "TemplateProcessing":
    var leading: [Int] = []
    var trailing: [Int] = []
    var textSeen = false
    for piece in processor["single"]?.array ?? [] {
      if piece["Sequence"] != nil {
        textSeen = true
      } else if let name = piece["SpecialToken"]?["id"]?.string,
        let ids = processor["special_tokens"]?[name]?["ids"]?.array
      {
        let identifiers = ids.compactMap(\.integer)
        if textSeen { trailing += identifiers } else { leading += identifiers }
      }
    }
    if textSeen { return (leading, trailing) }
  default:
    throw .unsupported(path: path, option: "post_processor", value: processor["type"]?.string ?? "none")
  }
  throw .unreadable(path: path, reason: "its post_processor is incomplete")
}

extension JSONDocument {
  fileprivate init(contentsOf url: URL) throws(TokenizationError) {
    let bytes = try readBytes(url)
    do {
      self = try JSONDocument(parsing: bytes)
    } catch {
      throw .unreadable(path: url.path, reason: "not JSON at byte \(error.byteOffset)")
    }
  }
}

/// The tokens of a vocabulary of one a line, and whether any has a capital letter, special ones aside.
private func readVocabulary(_ bytes: [UInt8]) -> (tokens: TokenList, holdsCapitals: Bool) {
  var tokens = TokenList()
  var holdsCapitals = false
  var start = 0
  while start < bytes.count {
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    let line = trimmingEnd(of: bytes[start..<end])
    holdsCapitals = holdsCapitals || line.first != UInt8(ascii: "[") && line.contains { (0x41...0x5A).contains($0) }
    tokens.append(line, identifier: tokens.count)
    start = end + 1
  }
  return (tokens, holdsCapitals)
}

/// A line without the white space at its end.
private func trimmingEnd(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  guard let last = line.last, last <= 0x20 || last >= 0x80 else { return line }
  var scalars = Substring(decoding: line, as: UTF8.self).unicodeScalars
  while let last = scalars.last, BertPreTokenizer.isWhitespace(last.value) { scalars.removeLast() }
  return line.prefix(Substring(scalars).utf8.count)
}

private func readBytes(_ url: URL) throws(TokenizationError) -> [UInt8] {
  do {
    return [UInt8](try Data(contentsOf: url))
  } catch {
    throw .unreadable(path: url.path, reason: "the file cannot be opened")
  }
}
