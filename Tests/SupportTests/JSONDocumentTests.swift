import Testing

@testable import Support

@Suite struct JSONDocumentTests {
  private func parse(_ text: String) throws -> JSONDocument { try JSONDocument(parsing: Array(text.utf8)) }

  @Test func valuesAreRead() throws {
    #expect(
      try parse(" [1, -2.5e1, true, false, null, \"a\"] ")
        == .array([.number(1), .number(-25), .bool(true), .bool(false), .null, .string("a")]))
    #expect(try parse(#""\u00e9\ud83d\ude00\n\"\\\/""#) == .string("\u{E9}\u{1F600}\n\"\\/"))
    #expect(try parse("{}") == .object([]) && parse("[ ]") == .array([]))
    #expect(try parse(#"{"a": {"b": [7]}}"#)["a"]?["b"]?.array?.first?.integer == 7)
    #expect(try parse("12345678901234567890").integer == nil)
  }

  @Test func keysThatAreCanonicallyEquivalentStayApart() throws {
    let document = try parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(document["\u{E9}"]?.integer == 1 && document["e\u{301}"]?.integer == 2)
    #expect(document != .object([("e\u{301}", .number(1)), ("\u{E9}", .number(2))]))
  }

  /// Texts that are not JSON, with the place and what belongs there.
  static let broken: [(text: String, offset: Int, expected: String)] = [
    ("", 0, "a value"), ("{", 1, "\""), ("[1,]", 3, "a value"), ("{\"a\"}", 4, ":"), ("{\"a\": }", 6, "a value"),
    ("{\"a\":1,}", 7, "\""), ("[1 2]", 3, "]"), ("{\"a\":1 \"b\":2}", 7, "}"), ("nul", 0, "a value"),
    ("tru", 0, "true or false"), ("01x", 0, "a value"), ("+1", 0, "a value"), ("--1", 0, "a value"),
    (".5", 0, "a value"), ("1.", 0, "a value"), ("1e", 0, "a value"), ("-", 0, "a value"), ("1e999", 0, "a value"),
    ("1 2", 2, "nothing more"), ("\"\\ud83d\"", 7, "the second half of a surrogate pair"),
    ("\"\\ud83d\\u0041\"", 13, "the second half of a surrogate pair"), ("\"\\ude00\"", 7, "a paired surrogate"),
    ("\"\\x\"", 2, "an escape"), ("\"a\nb\"", 2, "no control character"), ("\"open", 5, "the end of the text"),
    ("\"\\u12", 5, "four hexadecimal digits"), ("\"\\u12\u{FF11}4\"", 5, "four hexadecimal digits"),
    (String(repeating: "[", count: 100_000), 129, "at most 128 brackets"),
    (String(repeating: "{\"a\":", count: 100_000), 641, "at most 128 brackets"),
  ]

  @Test(arguments: broken.indices)
  func whatIsNotJSONIsRefusedWithItsPlace(index: Int) {
    let (text, offset, expected) = Self.broken[index]
    #expect(throws: JSONSyntaxError(offset: offset, problem: .expected(expected)), "\(text.prefix(40))") {
      try parse(text)
    }
  }

  @Test func aKeyThatOccursTwiceIsRefusedHoweverItIsWritten() {
    for (text, offset) in [
      ("{\"a\": 1, \"a\": 2}", 9), ("{\"a\": 1, \"\\u0061\": 2}", 9),
      ("[{\"b\": {\"a\": [], \"c\": 0, \"a\": []}}]", 25),
    ] {
      #expect(throws: JSONSyntaxError(offset: offset, problem: .duplicateKey("a")), "\(text)") { try parse(text) }
    }
    #expect(throws: Never.self) { try parse("[{\"a\": 1}, {\"a\": {\"a\": 2}}, {\"a\": 3}]") }
  }

  @Test func bytesThatAreNotUTF8AreRefusedWithTheirPlace() {
    for bytes in [[0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]] {
      for before in [0, 7, 8, 9, 64] {
        let text = Array("[\"".utf8) + [UInt8](repeating: 0x61, count: before) + bytes + Array("\"]".utf8)
        #expect(throws: JSONSyntaxError(offset: before + 2, problem: .notUTF8)) { try JSONDocument(parsing: text) }
      }
    }
  }

  @Test func nestingUpToTheLimitIsRead() throws {
    let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(try parse(deepest).array?.count == 1)
    #expect(throws: JSONSyntaxError(offset: 129, problem: .expected("at most 128 brackets"))) {
      try parse("[" + deepest + "]")
    }
  }

  @Test func numbersAreReadExactly() throws {
    for (text, value) in [
      ("0", 0.0), ("-0", 0), ("999999999999999", 999_999_999_999_999), ("9007199254740993", 9_007_199_254_740_992),
      ("-2.5E-3", -0.0025), ("1e+2", 100), ("0.1", 0.1), ("123456789012345678901234567890", 1.2345678901234568e29),
    ] {
      #expect(try parse(text) == .number(value), "\(text)")
    }
  }
}

@Suite struct JSONReaderTests {
  private func read<Value>(_ text: String, _ body: (inout JSONReader) throws -> Value) throws -> Value {
    try Array(text.utf8).withUnsafeBytes { bytes in
      var reader = try JSONReader(bytes)
      let value = try body(&reader)
      try reader.finish()
      return value
    }
  }

  @Test func whatIsNotWantedIsPassedOver() throws {
    let values = ["{}", "[]", "[[], {\"a\": [1, {\"b\": null}]}]", "\"}]\\\"\"", "-1.5e-3", "true", "false", "null"]
    for value in values {
      let kept = try read("{\"skipped\": \(value), \"kept\": [\(value), 7]}") { reader in
        var kept: [Int] = []
        try reader.enterObject()
        while let key = try reader.nextKey() {
          guard key == "kept" else {
            try reader.skipValue()
            continue
          }
          try reader.enterArray()
          #expect(try reader.hasNextElement())
          try reader.skipValue()
          while try reader.hasNextElement() { kept.append(try reader.nonNegativeInteger()) }
        }
        return kept
      }
      #expect(kept == [7], "\(value)")
    }
  }

  @Test func whatIsPassedOverIsJSONToo() {
    for (text, offset, expected) in [
      ("[1,]", 3, "a value"), ("{\"a\"}", 4, ":"), ("[}", 1, "a value"), ("{,}", 1, "\""), ("[1 2]", 3, "]"),
      ("1e", 0, "a value"), (String(repeating: "[", count: 1_000_000), 129, "at most 128 brackets"),
    ] {
      #expect(throws: JSONSyntaxError(offset: offset, problem: .expected(expected)), "\(text.prefix(20))") {
        try read(text) { reader in try reader.skipValue() }
      }
    }
  }

  @Test func integersAreWholeNotNegativeAndBelow2To63() throws {
    #expect(try read(" 9223372036854775807 ") { try $0.nonNegativeInteger() } == .max)
    for (text, offset, expected) in [
      ("9223372036854775808", 18, "an integer below 2^63"), ("-1", 0, "a non-negative integer"),
      ("01", 0, "a non-negative integer"), ("1.0", 0, "a non-negative integer"), ("1e2", 0, "a non-negative integer"),
    ] {
      #expect(throws: JSONSyntaxError(offset: offset, problem: .expected(expected)), "\(text)") {
        try read(text) { try $0.nonNegativeInteger() }
      }
    }
  }
}
