import Foundation
import Support
import Testing

@testable import Tokenization

@Suite struct TokenizerConfigurationTests {
  private static let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "clear", "lung", "##s", "Heart"]

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// A tokenizer of one file.
  private func tokenizer(_ name: String, _ text: String) throws -> WordPieceTokenizer {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    return try WordPieceTokenizer(contentsOf: folder)
  }

  /// A `tokenizer.json` with some text replaced.
  private func document(_ from: String = "", _ to: String = "") throws -> String {
    let entries = Self.vocabulary.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    let document = """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [{"id": 4, "special": true, "content": "[MASK]", "single_word": false, "lstrip": true,
                         "rstrip": false, "normalized": false}],
       "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                      "strip_accents": null, "lowercase": false},
       "pre_tokenizer": {"type": "BertPreTokenizer"},
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
         "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                            "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
       "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                 "max_input_chars_per_word": 100, "vocab": {\(entries)}}}
      """
    try #require(from.isEmpty || document.contains(from))
    return from.isEmpty ? document : document.replacingOccurrences(of: from, with: to)
  }

  @Test func aVocabularyAndADocumentGiveTheSameTokens() throws {
    let ofVocabulary = try tokenizer("vocab.txt", Self.vocabulary.joined(separator: "\r\n") + "\n")
    let ofDocument = try tokenizer("tokenizer.json", document())
    #expect(ofVocabulary.vocabularySize == 9 && ofDocument.vocabularySize == 9)
    for text in ["clear lungs", "Heart heart", "clear[MASK]lungs", ""] {
      let encoding = try ofVocabulary.encode(text, maximumLength: 16)
      #expect(try ofDocument.encode(text, maximumLength: 16) == encoding)
    }
    #expect(try ofDocument.encode("clear lungs Heart heart", maximumLength: 16).ids == [2, 5, 6, 7, 8, 1, 3])
    #expect(ofDocument.id(of: "##s") == 7 && ofDocument.id(of: "heart") == nil && ofDocument.paddingID == 0)
  }

  @Test func theDocumentsOptionsCount() throws {
    let lowercasing = try tokenizer("tokenizer.json", document("\"lowercase\": false", "\"lowercase\": true"))
    #expect(!lowercasing.isCased)
    #expect(try lowercasing.encode("CLÉAR", maximumLength: 8).ids == [2, 5, 3])
    let keepingAccents = try tokenizer(
      "tokenizer.json",
      document("\"strip_accents\": null, \"lowercase\": false", "\"strip_accents\": false, \"lowercase\": true"))
    #expect(try keepingAccents.encode("CLÉAR", maximumLength: 8).ids == [2, 1, 3])
    let short = try tokenizer("tokenizer.json", document("_per_word\": 100", "_per_word\": 4"))
    #expect(try short.encode("lung lungs", maximumLength: 8).ids == [2, 6, 1, 3])
    // An added token with `lstrip` takes the white space before it along.
    #expect(try short.encode("lung  [MASK]", maximumLength: 3).truncation?.scalarOffset == 4)
  }

  @Test func aBareVocabularyWithCapitalsIsCased() throws {
    #expect(try tokenizer("vocab.txt", Self.vocabulary.joined(separator: "\n")).isCased)
    #expect(try !tokenizer("vocab.txt", Self.vocabulary.dropLast().joined(separator: "\n")).isCased)
  }

  @Test(arguments: [
    ("\"BertNormalizer\"", "\"NFKC\"", "has normalizer NFKC"),
    ("\"BertPreTokenizer\"", "\"Whitespace\"", "has pre_tokenizer Whitespace"),
    ("\"WordPiece\"", "\"BPE\"", "has model BPE"),
    ("\"TemplateProcessing\"", "\"RobertaProcessing\"", "has post_processor RobertaProcessing"),
    ("\"single_word\": false", "\"single_word\": true", "[MASK] with single_word"),
    ("\"normalized\": false", "\"normalized\": true", "[MASK] with normalized"),
    ("\"clear\": 5", "\"clear\": 5.5", "where a non-negative integer belongs"),
    ("\"clear\": 5", "\"clear\": -5", "where a non-negative integer belongs"),
    ("\"clear\": 5", "\"clear\": 2147483648", "where an identifier below 2^31 belongs"),
    ("\"clear\": 5", "\"clear\": 5, \"clear\": 6", "the key \"clear\" twice"),
    ("\"unk_token\": \"[UNK]\"", "\"unk_token\": \"<unk>\"", "lacks <unk>"),
    ("\"[PAD]\": 0,", "", "lacks [PAD]"),
    ("\"id\": 4,", "", "an added token has no id"),
    ("{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}},", "", "post_processor is incomplete"),
    ("\"vocab\"", "\"words\"", "no vocabulary"),
    ("{\"version\"", "\"version\"", "not JSON at byte 0, where { belongs"),
  ])
  func aDocumentThatIsNotBERTsIsRefused(from: String, to: String, message: String) throws {
    let document = try document(from, to)
    let error = #expect(throws: TokenizationError.self) { try tokenizer("tokenizer.json", document) }
    #expect(try #require(error).description.contains(message))
  }

  @Test(arguments: ["tokenizer.json", "vocab.txt"])
  func somethingElseInPlaceOfATokenizerIsNamed(name: String) throws {
    for (text, content) in [
      ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 466247\n", .pointer(byteCount: 466_247)),
      ("<!DOCTYPE html>\n<html></html>", .webPage), ("", .empty), ("<?xml version=\"1.0\"?><Error/>", .xml),
    ] as [(String, MistakenContent)] {
      let error = #expect(throws: TokenizationError.self) { try tokenizer(name, text) }
      guard case .mistaken(let path, content)? = error, path.hasSuffix(name) else {
        Issue.record("\(String(describing: error)), not \(content)")
        continue
      }
    }
  }

  @Test func missingAndDamagedFilesAreNamed() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: TokenizationError.missingFiles(path: folder.path)) { try WordPieceTokenizer(contentsOf: folder) }
    let nowhere = folder.appendingPathComponent("nowhere")
    #expect(throws: TokenizationError.missingFiles(path: nowhere.path)) { try WordPieceTokenizer(contentsOf: nowhere) }
    let vocabulary = folder.appendingPathComponent("vocab.txt")
    try Data([0x5B, 0xFF, 0x0A]).write(to: vocabulary)
    #expect(throws: TokenizationError.unreadable(path: vocabulary.path, reason: "not UTF-8")) {
      try WordPieceTokenizer(contentsOf: folder)
    }
    try Data("[PAD]\n[UNK]\n[CLS]\n".utf8).write(to: vocabulary)
    #expect(throws: TokenizationError.missingToken("[SEP]")) { try WordPieceTokenizer(contentsOf: folder) }
  }
}
