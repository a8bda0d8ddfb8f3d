@testable import RadiologyReports
import Testing

@Suite struct TextTruncationTests {
  private let sections = [
    ReportSection(name: .findings, text: "The heart is large. There is edema. The bones are intact."),
    ReportSection(name: .impression, text: "Mild edema. No effusion."),
  ]

  private func words(_ text: String) -> Int { text.split(separator: " ").count }

  @Test func whatFitsIsWhole() {
    let result = TextTruncation.truncate(sections, limit: 15, countTokens: words)
    #expect(result.text == "The heart is large. There is edema. The bones are intact. Mild edema. No effusion.")
    #expect(result.cut == .none && !result.isCut && result.removed.isEmpty && result.tokens == 15)
  }

  @Test func findingsGoFirstAtSentences() {
    let result = TextTruncation.truncate(sections, limit: 14, countTokens: words)
    #expect(result.text == "The heart is large. There is edema. Mild edema. No effusion.")
    #expect(result.cut == .sentences)
    #expect(result.removed == ["The bones are intact."])
    #expect(result.tokens == 11)
    #expect(TextTruncation.truncate(sections, limit: 7, countTokens: words).text == "Mild edema. No effusion.")
  }

  @Test func theImpressionIsCutWhereItAloneIsTooLong() {
    let result = TextTruncation.truncate(sections, limit: 3, countTokens: words)
    #expect(result.text == "Mild edema.")
    #expect(result.removed.last == "No effusion." && result.removed.count == 4)
  }

  @Test func aSentenceAloneIsCutBetweenWords() {
    let result = TextTruncation.truncate("One very long sentence without an end", limit: 3, countTokens: words)
    #expect(
      result
        == TruncatedText(
          text: "One very long", cut: .words, removed: ["sentence without an end"], tokens: 3))
  }

  @Test(arguments: [0, -1, Int.min])
  func nothingFitsIntoNothing(limit: Int) {
    let result = TextTruncation.truncate(sections, limit: limit, countTokens: words)
    #expect(result.text.isEmpty && result.cut == .sentences && result.removed.count == 5 && result.tokens == 0)
  }

  @Test func decimalsAndTitlesEndNoSentence() {
    let result = TextTruncation.truncate(
      "A nodule of 3.2 cm. Told to Dr. Smith.", limit: 6, countTokens: words)
    #expect(result.text == "A nodule of 3.2 cm.")
    #expect(result.removed == ["Told to Dr. Smith."])
  }

  @Test func theCounterIsCalledSeldom() {
    var calls = 0
    let text = String(repeating: "Clear lungs. ", count: 5_000)
    let result = TextTruncation.truncate(text, limit: 200) { text in
      calls += 1
      return words(text)
    }
    #expect(result.tokens == 200 && calls < 30)
  }
}
