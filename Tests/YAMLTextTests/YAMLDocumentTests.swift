import Testing

@testable import YAMLText

@Suite("YAML of users")
struct YAMLDocumentTests {
  /// Each line has ten aliases to the line before it: ten to the power of `lines` values.
  private func aliases(_ lines: Int) -> String {
    (1...lines).reduce("a0: &a0 [1]\n") { text, line in
      let aliases = Array(repeating: "*a\(line - 1)", count: 10).joined(separator: ", ")
      return text + "a\(line): &a\(line) [\(aliases)]\n"
    }
  }

  @Test("a document is read, and an alias means what it names")
  func values() throws {
    let node = try #require(try YAMLDocument.compose(aliases(2)))
    #expect(node["a2"]?.sequence?.count == 10)
    #expect(node["a2"]?.sequence?.first?.sequence?.first?.sequence?.first?.int == 1)
    #expect(try YAMLDocument.decode([String: Int].self, from: "one: 1\ntwo: 2\n") == ["one": 1, "two": 2])
    #expect(try YAMLDocument.compose("") == nil)
    #expect(throws: DecodingError.self) { try YAMLDocument.decode([String: Int].self, from: "") }
  }

  @Test("aliases that mean too many values are refused before they are followed", .timeLimit(.minutes(5)))
  func bomb() throws {
    let error = #expect(throws: YAMLDocument.TooManyValues(limit: 10_000)) { try YAMLDocument.compose(aliases(30)) }
    #expect(error?.description == "its aliases mean more than 10000 values")
    #expect(throws: YAMLDocument.TooManyValues.self) {
      try YAMLDocument.decode([String: [Int]].self, from: aliases(30))
    }
    #expect(throws: YAMLDocument.TooManyValues(limit: 3)) { try YAMLDocument.compose("[1, 2, 3]", limit: 3) }
    #expect(try YAMLDocument.compose("[1, 2, 3]", limit: 4)?.sequence?.count == 3)
  }
}
