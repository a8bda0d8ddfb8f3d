import Foundation
import TestBasics
import Testing

@testable import Tokenization

@Suite struct WordPieceTokenizerTests {
  private func uncased() throws -> WordPieceTokenizer { try Golden.tokenizers.get().uncased }

  @Test func wordsArePutBetweenClassAndSeparator() throws {
    let encoding = try uncased().encode("Right lower lobe pneumonia", maximumLength: 16)
    #expect(encoding == Encoding(ids: [101, 2157, 2896, 21833, 18583, 102], attentionMask: [1, 1, 1, 1, 1, 1]))
  }

  @Test func anEmptyTextIsClassAndSeparator() throws {
    #expect(try uncased().encode("", maximumLength: 2).ids == [101, 102])
    #expect(try uncased().encode(" \t\u{0}\u{FEFF}", maximumLength: 2).ids == [101, 102])
  }

  @Test func capitalsAndAccentsCountOnlyInCasedVocabularies() throws {
    let (uncased, cased) = try Golden.tokenizers.get()
    #expect(!uncased.isCased && cased.isCased)
    let plain = try uncased.encode("naive", maximumLength: 8)
    #expect(try uncased.encode("NAÏVE", maximumLength: 8) == plain)
    #expect(try cased.encode("Heart", maximumLength: 8).ids != cased.encode("heart", maximumLength: 8).ids)
  }

  @Test func canonicallyEquivalentTokensOfAVocabularyStayApart() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "A\u{30A}", "\u{C5}", "\u{212B}"]
    try vocabulary.joined(separator: "\n").write(
      to: folder.appendingPathComponent("vocab.txt"), atomically: true, encoding: .utf8)
    try #"{"do_lower_case": false}"#.write(
      to: folder.appendingPathComponent("tokenizer_config.json"), atomically: true, encoding: .utf8)
    let tokenizer = try WordPieceTokenizer(contentsOf: folder)
    #expect(tokenizer.vocabularySize == 8)
    #expect(try tokenizer.encode("A\u{30A} \u{C5} \u{212B}", maximumLength: 8).ids == [2, 5, 6, 7, 3])
  }

  @Test func truncationTellsWhereTheTextWasCut() throws {
    // A letter and its combining accent are two scalars and one character for a reader.
    let text = "e\u{301}e\u{301} clear lungs. No effusion"
    let whole = try uncased().encode(text, maximumLength: 10)
    #expect(whole.truncation == nil)
    let cut = try uncased().encode(text, maximumLength: 6)
    #expect(cut.ids == whole.ids.prefix(5) + [102])
    let truncation = try #require(cut.truncation)
    #expect(truncation == Truncation(tokenCount: 8, keptTokenCount: 4, characterOffset: 16, scalarOffset: 18))
    #expect(truncation.description == "cut after 4 of 8 tokens, at character 16")
    #expect(text.dropFirst(truncation.characterOffset).hasPrefix("No effusion"))
  }

  @Test func aLimitWithoutRoomForTheSpecialTokensIsRefused() throws {
    #expect(throws: TokenizationError.maximumLengthTooSmall(1, minimum: 3)) {
      try uncased().encode("text", maximumLength: 1)
    }
    #expect(throws: TokenizationError.maximumLengthTooSmall(-5, minimum: 3)) {
      try uncased().encode("text", maximumLength: -5)
    }
  }

  @Test func illFormedTextIsRepaired() throws {
    let tokenizer = try uncased()
    let expected = try tokenizer.encode("clear lungs", maximumLength: 8)
    let utf16 = Array("clear".utf16) + [0xD83D] + Array(" ".utf16) + [0xDE00] + Array("lungs".utf16)
    #expect(try tokenizer.encode(String(decoding: utf16, as: UTF16.self), maximumLength: 8) == expected)
    let utf8 = Array("clear".utf8) + [0xFF, 0xC3] + Array(" lungs".utf8) + [0xE2, 0x82]
    #expect(try tokenizer.encode(String(decoding: utf8, as: UTF8.self), maximumLength: 8) == expected)
  }

  @Test func specialTokensWrittenInTheTextAreTaken() throws {
    #expect(try uncased().encode("no[SEP]effusion [MASK]", maximumLength: 16).ids.contains(103))
    #expect(try uncased().encode("a[SEP]b", maximumLength: 16).ids.filter { $0 == 102 }.count == 2)
    #expect(try uncased().encode("a[sep]b", maximumLength: 16).ids.filter { $0 == 102 }.count == 1)
  }

  @Test func aTokenMayTakeWhiteSpaceAlong() {
    let tokens = AddedTokens([
      AddedToken(id: 7, content: "<m>", stripsLeft: true, stripsRight: true), AddedToken(id: 8, content: "<m>>"),
    ])
    let parts = tokens.split(Array("a <m> b <m>>".unicodeScalars.map(\.value)))
    #expect(parts == [.text(0..<1), .added(id: 7, offset: 1), .text(6..<8), .added(id: 8, offset: 8)])
  }

  /// Processor time of eight times the length over that of the length: 8 when linear, 64 when quadratic.
  @Test(
    .slow, .tags(.slow),
    arguments: [
      "a", "word ", "\u{301}", "e\u{323}\u{301}", "\u{6C34}", "[SEP", String(repeating: "q", count: 99) + " ",
    ])
  func timeIsLinearInTheLength(unit: String) throws {
    let tokenizer = try uncased()
    func seconds(scalars: Int) throws -> Double {
      let text = String(repeating: unit, count: scalars / unit.unicodeScalars.count)
      return try (0..<3).map { _ in
        let start = threadSeconds()
        _ = try tokenizer.encode(text, maximumLength: 256)
        return threadSeconds() - start
      }.min() ?? 0
    }
    _ = try seconds(scalars: 1 << 10)
    #expect(try seconds(scalars: 1 << 17) < 30 * seconds(scalars: 1 << 14))
  }

  /// The processor time of this thread, which what the machine does besides does not lengthen.
  private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
