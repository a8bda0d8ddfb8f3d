import Foundation
import Support

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

  /// What a folder's tokenizer is read from, in order of preference.
  static let fileNames = ["tokenizer.json", "vocab.txt"]
  /// The options beside a `vocab.txt`.
  static let optionsName = "tokenizer_config.json"

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
    for name in Self.fileNames {
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
    let file = try readTokenizerFile(url.path)
    guard firstInvalidUTF8Offset(in: file.bytes) == nil else {
      throw TokenizationError.unreadable(path: url.path, reason: "not UTF-8").unlessMistaken(file)
    }
    let (tokens, holdsCapitals) = withExtendedLifetime(file) { readVocabulary(Array(file.bytes)) }
    let siblings = url.deletingLastPathComponent().appendingPathComponent(Self.optionsName)
    let options =
      FileManager.default.fileExists(atPath: siblings.path) ? try readOptions(siblings.path) : .object([])
    let lowercases = options["do_lower_case"]?.bool ?? !holdsCapitals
    normalizer = BertNormalizer(
      separatesChineseCharacters: options["tokenize_chinese_chars"]?.bool ?? true,
      stripsAccents: options["strip_accents"]?.bool ?? lowercases,
      lowercases: lowercases)
    func special(_ content: String) throws(TokenizationError) -> AddedToken {
      if let id = tokens.lastIdentifier(of: content) { return AddedToken(id: id, content: content) }
      // A pointer or a page in the vocabulary's place is a list of lines too.
      throw TokenizationError.missingToken(content).unlessMistaken(file)
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
    let file = try TokenizerFile(contentsOf: path)
    func require(_ section: String, _ value: JSONDocument?, _ type: String) throws(TokenizationError) {
      guard value?.string == type else {
        throw .unsupported(path: path, option: section, value: value?.string ?? "none")
      }
    }
    let normalizer = file.sections["normalizer"] ?? .null
    try require("normalizer", normalizer["type"], "BertNormalizer")
    try require("pre_tokenizer", file.sections["pre_tokenizer"]?["type"], "BertPreTokenizer")
    try require("model", file.model["type"], "WordPiece")
    guard let vocabulary = file.vocabulary else {
      throw .unreadable(path: path, reason: "its model has no vocabulary")
    }
    tokens = vocabulary
    let lowercases = normalizer["lowercase"]?.bool ?? true
    self.normalizer = BertNormalizer(
      cleansText: normalizer["clean_text"]?.bool ?? true,
      separatesChineseCharacters: normalizer["handle_chinese_chars"]?.bool ?? true,
      stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases,
      lowercases: lowercases)
    unknownToken = file.model["unk_token"]?.string ?? unknownToken
    continuingPrefix = file.model["continuing_subword_prefix"]?.string ?? continuingPrefix
    maximumScalarsPerWord = file.model["max_input_chars_per_word"]?.integer ?? maximumScalarsPerWord
    addedTokens = try readAddedTokens(file.sections["added_tokens"]?.array ?? [], path: path)
    (leadingIDs, trailingIDs) = try readTemplate(file.sections["post_processor"] ?? .null, path: path)
    let paddingToken = file.sections["padding"]?["pad_token"]?.string ?? "[PAD]"
    let padding =
      file.sections["padding"]?["pad_id"]?.integer ?? addedTokens.first { $0.content == paddingToken }?.id
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
