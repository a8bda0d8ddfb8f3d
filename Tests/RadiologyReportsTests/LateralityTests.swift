import DeveloperTools
import Foundation
import TestBasics
import Testing

@testable import RadiologyReports

/// Words as words: "left-sided" counts for left, "LLL" does not. Where an abbreviation is written out, the side in its
/// meaning is a word more, and exactly that is allowed for.
@Suite struct LateralityTests {
  static let sides = ["left", "right", "bilateral", "bilaterally", "unilateral", "leftward", "rightward"]

  private func count(_ text: String) -> [Int] {
    let words = text.lowercased().split { !$0.isLetter }
    return Self.sides.map { side in words.count { $0 == side } }
  }

  private func numbers(_ text: String) -> [String] {
    text.split { !$0.isASCII || !($0.isNumber || $0 == ".") }
      .map { String($0).trimmingCharacters(in: ["."]) }.filter { !$0.isEmpty }
  }

  @Test(
    .slow, .tags(.slow),
    .enabled(if: ReportFixtures.indianaReports != nil, "the collection's reports are not beside the checkout"))
  func noStepChangesSidesOrNumbersInAnyReport() throws {
    let url = try #require(ReportFixtures.indianaReports)
    let cleaner = try ReportCleaner.standard()
    let expander = try AbbreviationExpander.standard()
    let rows = try StudyTable.rows(of: url, columns: ["uid", "findings", "impression"])
    #expect(rows.count == 3851)
    var sidesSeen = 0
    var expansionsSeen = 0
    for row in rows {
      for column in ["findings", "impression"] {
        var text = row[column] ?? ""
        sidesSeen += count(text).reduce(0, +)
        for step in cleaner.steps {
          let next = step(text)
          var expected = count(text)
          if step.name == "abbreviations" {
            let added = expander.expansions(in: text).map { count($0.long) }
            expansionsSeen += added.count
            for counts in added { for side in expected.indices { expected[side] += counts[side] } }
          }
          #expect(count(next) == expected, "\(step.name), uid \(row["uid"] ?? "")")
          // The numbers of lists go, and so do those of a date that is masked.
          let mayLoseNumbers = step.name == "list markers" || text.contains("/XXXX") || text.contains("XXXX/")
          if !mayLoseNumbers { #expect(numbers(next) == numbers(text), "\(step.name), uid \(row["uid"] ?? "")") }
          text = next
        }
        #expect(!text.contains("XXX") && !text.contains("  "), "uid \(row["uid"] ?? "")")
      }
    }
    #expect(sidesSeen > 3000 && expansionsSeen > 100)
  }

  @Test(arguments: [
    "XXXX right XXXX left.", "The left XXXX.", "From the right XXXX.", "Left and XXXX.", "XXXX/right", "left-XXXX",
    "XXXX-left", "bilateral-XXXX", "[**Name**] right", "Right.Left,bilateral", "1. Right 2. Left", "XXXX and right are",
  ])
  func sidesOutliveEveryMark(text: String) throws {
    #expect(count(try ReportCleaner.standard().clean(text)) == count(text))
  }
}
