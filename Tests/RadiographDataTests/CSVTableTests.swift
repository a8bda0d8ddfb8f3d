import Foundation
import Testing

@testable import RadiographData

@Suite struct CSVTableTests {
  private func table(_ text: String) throws -> CSVTable { try CSVTable(Data(text.utf8), path: "table.csv") }

  @Test(arguments: ["a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r", "\u{FEFF}a,b\n1,2\n\n3,4\n"])
  func lineEndsAndMarksDoNotMatter(text: String) throws {
    let table = try table(text)
    #expect(table.columns == ["a", "b"])
    #expect(table.rows == [["1", "2"], ["3", "4"]])
  }

  @Test func quotesHoldCommasLinesAndQuotes() throws {
    let table = try table("a,b\n\"1,\n2\",\"say \"\"yes\"\"\"\n")
    #expect(table.rows == [["1,\n2", "say \"yes\""]])
  }

  @Test func raggedRowsHaveNoCellThere() throws {
    let table = try table("a, B \n1\n1,2,3\n")
    #expect(table.index(of: "b") == 1 && table.index(of: "c") == nil && table.index(of: "c", "A") == 0)
    #expect(table.rows.map { CSVTable.cell($0, 1) } == [nil, "2"])
    #expect(CSVTable.cell(["  "], 0) == nil && CSVTable.cell([" x "], 0) == "x" && CSVTable.cell(["x"], nil) == nil)
  }

  @Test func aTenMegabyteCellIsRead() throws {
    let table = try table("a\n" + String(repeating: "x", count: 10_000_000) + "\n")
    #expect(table.rows.first?.first?.utf8.count == 10_000_000)
  }

  @Test func openQuotesAndNulsAreErrors() {
    #expect(throws: DatasetError.malformedTable(path: "table.csv", reason: "a quote is not closed")) {
      try table("a\n\"1\n")
    }
    #expect(throws: DatasetError.malformedTable(path: "table.csv", reason: "it holds NUL bytes")) {
      try table("a\n\0\n")
    }
  }
}
