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
    ("prompt,seed\na,1\nb\n", 3), ("prompt,seed\na,1,2\n", 2), ("text\na\n", 1), ("prompt\n\"a\n", 2),
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
  func binaryFilesAreRefused(name: String) {
    for bytes: [UInt8] in [[0x70, 0, 0x71], [0xC3, 0x28], [0xFF, 0xFE, 0x61, 0]] {
      #expect(throws: PromptsFileError.notText(path: name)) { try PromptsFile.parse(Data(bytes), path: name) }
    }
  }

  @Test func aMissingFileAndAFolderAreToldApart() throws {
    #expect(throws: PromptsFileError.missing(path: "/nowhere/p.txt")) { try PromptsFile.read(path: "/nowhere/p.txt") }
    #expect(throws: PromptsFileError.unreadable(path: "/", reason: "Is a directory")) {
      try PromptsFile.read(path: "/")
    }
  }

  @Test func anEndlessFileIsRefusedRatherThanRead() throws {
    #expect(throws: PromptsFileError.tooLarge(path: "/dev/zero")) {
      try PromptsFile.read(path: "/dev/zero")
    }
  }
}
