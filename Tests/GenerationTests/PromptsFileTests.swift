import Foundation
import Testing

@testable import Generation

@Suite struct PromptsFileTests {
  private func parse(_ text: String, as name: String) throws -> [PromptEntry] {
    try PromptsFile.parse(Data(text.utf8), path: name)
  }

  @Test func textFilesHoldOnePromptALine() throws {
    let entries = try parse("\u{FEFF}No effusion.\r\n\r\n  \nCardiomegaly, with \"quotes\"\r", as: "a.txt")
    #expect(entries.map(\.prompt) == ["No effusion.", "Cardiomegaly, with \"quotes\""])
  }

  @Test func csvKeepsCommasQuotesAndLineEndsInsideQuotes() throws {
    let table =
      "\u{FEFF}id,Prompt,seed,output\r\n1,\"Effusion, left\",7,a.png\r\n"
      + "2,\"He said \"\"clear\"\"\nlungs\",,\r\n\r\n"
    let entries = try parse(table, as: "a.CSV")
    #expect(
      entries == [
        PromptEntry(prompt: "Effusion, left", seed: 7, output: "a.png"),
        PromptEntry(prompt: "He said \"clear\"\nlungs"),
      ])
  }

  @Test func jsonLinesTakeSeedAndOutput() throws {
    let entries = try parse(
      "{\"prompt\":\"a\\nb\",\"seed\":18446744073709551615}\n\n{\"prompt\":\"c\",\"output\":\"d/e.png\",\"extra\":1}\n",
      as: "a.jsonl")
    #expect(
      entries == [
        PromptEntry(prompt: "a\nb", seed: .max), PromptEntry(prompt: "c", output: "d/e.png"),
      ])
  }

  @Test(arguments: [
    ("prompt,seed\na,1\nb\n", 3), ("prompt,seed\na,1,2\n", 2), ("text\na\n", 1), ("prompt,seed, Prompt\na,1,b\n", 1),
    ("prompt\n\"a\n", 2),
    ("prompt\n\"a\"b\n", 2), ("prompt\na\"b\n", 2), ("prompt,seed\na,-1\n", 2), ("prompt,seed\na,1.5\n", 2),
    ("prompt,output\na,/etc/x.png\n", 2), ("prompt,output\na,b/../../x.png\n", 2),
  ])
  func csvErrorsNameTheLine(table: String, line: Int) {
    #expect {
      try parse(table, as: "a.csv")
    } throws: { error in
      guard case .malformed(_, line, _) = error as? PromptsFileError else { return false }
      return true
    }
  }

  @Test(arguments: ["{\"prompt\":", "[]", "{\"text\":\"a\"}", "{\"prompt\":\"a\",\"seed\":-1}", "{\"prompt\":3}"])
  func jsonErrorsNameTheLine(line: String) {
    #expect {
      try parse("{\"prompt\":\"a\"}\n" + line, as: "a.jsonl")
    } throws: { error in
      guard case .malformed(_, 2, _) = error as? PromptsFileError else { return false }
      return true
    }
  }

  @Test(arguments: ["a.txt", "a.csv", "a.jsonl"])
  func filesWithoutAPromptAreRefused(name: String) {
    #expect(throws: PromptsFileError.empty(path: name)) { try parse("", as: name) }
    #expect(throws: PromptsFileError.empty(path: name)) { try parse("\u{FEFF}\r\n", as: name) }
  }

  @Test(arguments: ["a.txt", "a.csv", "a.jsonl"])
  func filesThatAreNotTextAreRefusedWithWhatIsThere(name: String) {
    let cases: [([UInt8], String)] = [
      (Array("prompt\r\nÉa\0b".utf8), "holds the control character NUL (U+0000) at line 2, character 3"),
      (Array("\u{FEFF}p\u{1B}[1m".utf8), "holds the control character ESC (U+001B) at line 1, character 2"),
      (Array("a\nb\n\u{7F}".utf8), "holds the control character DEL (U+007F) at line 3, character 1"),
      ([0x70, 0x0A, 0xC3, 0x28], "is not UTF-8 at line 2, character 1, where it has the byte 0xC3"),
      ([0x63, 0x6F, 0xE9], "is not UTF-8 at line 1, character 3, where it has the byte 0xE9"),
      ([0xFF, 0xFE, 0x61, 0], "is UTF-16 text, which is not read"),
      ([0xFE, 0xFF, 0, 0x61], "is UTF-16 text, which is not read"),
      ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], "is UTF-32 text, which is not read"),
      ([0x61, 0, 0x62, 0, 0x0A, 0], "is UTF-16 text, which is not read"),
      ([0, 0x61, 0, 0x62], "is UTF-16 text, which is not read"),
    ]
    for (bytes, found) in cases {
      #expect(throws: PromptsFileError.notText(path: name, found: found)) {
        try PromptsFile.parse(Data(bytes), path: name)
      }
    }
  }

  @Test func theControlCharactersOfTextAreText() throws {
    #expect(try parse("a\tb\u{0B}c\u{0C}d\u{85}", as: "a.txt").map(\.prompt) == ["a\tb\u{0B}c\u{0C}d\u{85}"])
  }

  @Test(arguments: [
    (
      "{\"prompt\":\"a\\u0000b\"}",
      "the prompt holds the control character NUL (U+0000) as its character 2: take it out"
    ),
    (
      "{\"prompt\":\"a\",\"output\":\"\\u001b.png\"}",
      "the output holds the control character ESC (U+001B) as its character 1: take it out"
    ),
    (
      "{\"prompt\":\"a\",\"seed\":18446744073709551616}",
      "the seed cannot be used, it is too great, the largest is 18446744073709551615: correct it or leave it out"
    ),
    (
      "{\"prompt\":\"a\",\"seed\":-1}",
      "the seed cannot be used, it is negative, the least is 0: correct it or leave it out"
    ),
    (
      "{\"prompt\":\"a\",\"seed\":1.5}", "the seed cannot be used, it is not a whole number: correct it or leave it out"
    ),
    ("{\"prompt\":\"a\",\"seed\":\"7\"}", "the seed cannot be used, it is not a number: correct it or leave it out"),
  ])
  func aLineOfJSONSaysWhatIsWrongInIt(line: String, reason: String) {
    #expect(throws: PromptsFileError.malformed(path: "a.jsonl", line: 2, reason: reason)) {
      try parse("{\"prompt\":\"a\"}\n" + line, as: "a.jsonl")
    }
  }

  @Test(arguments: [
    ("18446744073709551616", "too great"), ("-1", "negative"), ("1.5", "not a whole"), ("x", "not a number"),
  ])
  func aSeedOfATableSaysWhatIsWrongWithIt(seed: String, reason: String) {
    #expect {
      try parse("prompt,seed\na,1\nb,\(seed)\n", as: "a.csv")
    } throws: { error in
      guard case .malformed(_, 3, let said) = error as? PromptsFileError else { return false }
      return said.contains(reason) && said.contains("'\(seed)'")
    }
  }

  @Test func aMissingFileAndAFolderAreToldApart() throws {
    #expect(throws: PromptsFileError.missing(path: "/nowhere/p.txt")) { try PromptsFile.read(path: "/nowhere/p.txt") }
    #expect(throws: PromptsFileError.unreadable(path: "/", reason: "is a folder")) {
      try PromptsFile.read(path: "/")
    }
  }

  @Test func anEndlessFileIsRefusedRatherThanRead() throws {
    #expect(throws: PromptsFileError.tooLarge(path: "/dev/zero")) {
      try PromptsFile.read(path: "/dev/zero")
    }
  }
}
