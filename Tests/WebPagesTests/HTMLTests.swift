import Testing

@testable import WebPages

@Suite struct HTMLTests {
  @Test func whatIsInterpolatedIsEscapedAndWhatIsWrittenIsNot() {
    let path = "<img src=x onerror='alert(1)'> & \"more\""
    let html: HTML = "<td title=\"\(path)\">\(path)</td>"
    let escaped = "&lt;img src=x onerror=&#39;alert(1)&#39;&gt; &amp; &quot;more&quot;"
    #expect(html.text == "<td title=\"\(escaped)\">\(escaped)</td>")
  }

  @Test func escapedTextIsNotEscapedAgain() {
    let inner: HTML = "<b>\("a & b")</b>"
    #expect(("\(inner)\([inner, inner])" as HTML).text == String(repeating: "<b>a &amp; b</b>", count: 3))
  }

  /// Swift takes "<" and a combining mark for one character, a browser does not.
  @Test func aCombiningMarkDoesNotHideABracket() {
    #expect(HTML(escaping: "<\u{338}script>\u{338}").text == "&lt;\u{338}script&gt;\u{338}")
  }

  @Test func controlCharactersAreReplaced() {
    #expect(HTML(escaping: "a\0b\u{1B}[2J\nc\td\u{85}").text == "a\u{FFFD}b\u{FFFD}[2J\nc\td\u{FFFD}")
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (3301, "3,301"), (-1_234_567, "-1,234,567"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func countsAreGrouped(number: Int, text: String) { #expect(NumberText.count(number) == text) }

  @Test(arguments: [
    (0.0, "0"), (0.0512, "0.0512"), (4.62e-5, "4.62e-5"), (1e-4, "1e-4"), (0.1234567, "0.1235"), (36.31, "36.31"),
    (999.96, "1000"), (12_345.6, "12,346"), (-2.5, "-2.5"), (3e20, "3e20"), (.infinity, "inf"), (.nan, "nan"),
  ])
  func valuesHaveFourDigits(number: Double, text: String) { #expect(NumberText.value(number) == text) }

  @Test func timesBytesAndShares() {
    #expect(NumberText.duration(seconds: 59.6) == "60 s" && NumberText.duration(seconds: 11_100) == "3 h 05 min")
    #expect(NumberText.duration(seconds: 3599) == "59 min" && NumberText.duration(seconds: .nan) == "-")
    #expect(NumberText.bytes(999) == "999 B" && NumberText.bytes(43_210_000) == "43.21 MB")
    #expect(NumberText.percent(0.5) == "50 %" && NumberText.percent(0.0123) == "1.2 %")
  }
}
