import TestBasics
import Testing

@testable import RadiologyReports

@Suite struct HostileTextTests {
  @Test(.slow, .tags(.slow), arguments: ReportFixtures.hostileTexts.map(\.name))
  func noTextDoesHarm(name: String) throws {
    let text = try #require(ReportFixtures.hostileTexts.first { $0.name == name }?.text)
    let sections = SectionSplitter.sections(of: text)
    #expect(sections.map(\.text.utf8.count).reduce(0, +) <= text.utf8.count)
    let labels = try FindingLabeller.standard().label(sections)
    #expect(labels.states.count == 14)
    for mention in labels.mentions {
      #expect(mention.range.upperBound <= sections[mention.section].text.utf8.count)
      guard mention.range.upperBound <= sections[mention.section].text.utf8.count else { break }
    }
    let steps = try ReportCleaner.standard().steps(of: text)
    #expect(steps.count == 6)
    #expect(!(steps.last?.text.contains("\u{0}") ?? true))
    let cut = TextTruncation.truncate(text, limit: 50) { $0.utf8.count }
    #expect(cut.text.utf8.count <= 50)
  }
}
