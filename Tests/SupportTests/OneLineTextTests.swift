import Support
import Testing

@Suite struct OneLineTextTests {
  @Test(arguments: [
    ("plain", "plain"), ("two\nlines", "two lines"), ("a \r\n\n  b", "a b"), ("\n end \n", "end"),
    ("Größe – 2 cm", "Größe – 2 cm"), ("", ""), ("a\u{2028}b", "a b"),
  ])
  func aTextBecomesOneLine(text: String, line: String) { #expect(text.onOneLine() == line) }

  @Test("what would steer a terminal or turn the direction of writing is escaped")
  func controls() {
    #expect("\u{1B}[31mred".onOneLine() == "\\u{1b}[31mred")
    #expect("a\0b".onOneLine() == "a\\u{0}b")
    #expect("a\u{202E}b".onOneLine() == "a\\u{202e}b")
  }

  @Test("a text is cut after the limit and says so")
  func limit() {
    #expect("abcdef".onOneLine(limit: 6) == "abcdef")
    #expect("abcdefg".onOneLine(limit: 6) == "abcdef…")
    #expect(String(repeating: "ü", count: 1_000_000).onOneLine(limit: 3) == "üüü…")
  }
}
