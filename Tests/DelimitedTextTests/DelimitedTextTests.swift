import DelimitedText
import Foundation
import Testing

@Suite struct DelimitedTextTests {
  private func rows(_ data: Data, _ format: DelimitedFormat = DelimitedFormat()) throws -> [[String]] {
    var reader = try DelimitedReader(data, format: format)
    var rows: [[String]] = []
    while let row = try reader.next() { rows.append(row.cells) }
    return rows
  }

  private func rows(_ text: String, _ format: DelimitedFormat = DelimitedFormat()) throws -> [[String]] {
    try rows(Data(text.utf8), format)
  }

  @Test(arguments: ["a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r", "\u{FEFF}a,b\n1,2\n\n3,4\n"])
  func lineEndsAndMarksDoNotMatter(text: String) throws {
    #expect(try rows(text) == [["a", "b"], ["1", "2"], ["3", "4"]])
  }

  @Test func quotesHoldDelimitersLinesAndQuotes() throws {
    #expect(try rows("a,b\n\"1,\n2\",\"say \"\"yes\"\"\"\n") == [["a", "b"], ["1,\n2", "say \"yes\""]])
    #expect(try rows("\"\"\n") == [[""]], "a quoted nothing is a cell, unlike a blank line")
    #expect(try rows("a,\n,b") == [["a", ""], ["", "b"]])
  }

  @Test(arguments: [(",", "a,b"), (";", "a;b"), ("\t", "a\tb"), ("|", "a|b")])
  func theFirstLineTellsTheDelimiter(mark: String, header: String) throws {
    #expect(try rows("\n\(header)\n\"1\(mark)\"\(mark)2,5\n").last?.first == "1\(mark)")
    #expect(try rows("\"a,,,b\"\(mark)c\n").first == ["a,,,b", "c"])
  }

  @Test func theExtensionTellsTabs() throws {
    let format = DelimitedFormat(pathExtension: "TSV")
    #expect(try rows("a,b,c\td\n", format) == [["a,b,c", "d"]])
  }

  /// What a spreadsheet writes above a table to name its delimiter.
  @Test(arguments: [
    ("sep=;", ";"), ("sep=,", ","), ("sep=\t", "\t"), ("sep=|", "|"), ("SEP=;", ";"), ("Sep=^", "^"), ("sep=;;;", ";"),
    ("\"sep=;\"", ";"), ("\"sep=;\",,", ","), ("sep=;  ", ";"), ("sep=\\t", "\t"),
  ])
  func aLineThatNamesTheDelimiterIsNoRow(line: String, mark: String) throws {
    // Commas and semicolons in the cells would mislead a guess.
    let body = "a,x;y,z\(mark)b\n1\(mark)2\n"
    let cells = mark == "," || mark == ";" ? [["a", "b"], ["1", "2"]] : [["a,x;y,z", "b"], ["1", "2"]]
    let table = mark == "," || mark == ";" ? "a\(mark)b\n1\(mark)2\n" : body
    for end in ["\n", "\r\n", "\r"] {
      let text = line + end + table.replacingOccurrences(of: "\n", with: end)
      #expect(try rows(text) == cells, "\(text.debugDescription)")
      #expect(try rows("\u{FEFF}\u{FEFF}" + text, DelimitedFormat(encodings: .utf8)) == cells)
      // Whatever the file's extension says.
      #expect(try rows(text, DelimitedFormat(pathExtension: "tsv")) == cells)
      let utf16 = Data([0xFF, 0xFE]) + (text.data(using: .utf16LittleEndian) ?? Data())
      #expect(try rows(utf16) == cells)
    }
  }

  @Test func rowsCountFromTheHeaderAndLinesFromTheFile() throws {
    let table = try DelimitedTable(Data("sep=;\r\na;b\r\n1;2\r\n".utf8))
    #expect(table.columns == ["a", "b"])
    var reader = table.rows()
    let row = try #require(try reader.next())
    #expect(row.number == 2 && row.line == 3 && row.cells == ["1", "2"])
  }

  @Test(arguments: ["sep=x", "sep=;,", "sep", "separate=;", "\"sep=;", "sep=9", "asep=;", "\"sep\"=;"])
  func aColumnOfAnotherNameIsNoDelimiter(header: String) throws {
    let strict = DelimitedFormat(delimiter: UInt8(ascii: ";"))
    if header != "\"sep=;" { #expect(try rows(header + "\n1;2\n", strict).count == 2) }
    #expect(try DelimitedTable(Data("a;sep=;b\n1;2;3\n".utf8)).columns == ["a", "sep=", "b"])
  }

  @Test func nothingBehindTheLineIsAnEmptyTable() {
    #expect(throws: DelimitedTextError.empty) { try DelimitedTable(Data("sep=;\n".utf8)) }
  }

  @Test func aLineThatNamesNothingLeavesTheNextToTell() throws {
    #expect(try rows("sep=\na|b,c|d\n") == [["a", "b,c", "d"]])
  }

  @Test func strictQuotesAreRFC4180AndLenientOnesStandForThemselves() throws {
    let strict = DelimitedFormat(quotes: .strict)
    #expect(throws: DelimitedTextError.strayQuote(line: 2)) { try rows("a\n\"a\"b\n", strict) }
    #expect(throws: DelimitedTextError.strayQuote(line: 2)) { try rows("a\na\"b\n", strict) }
    #expect(try rows("h,i\n5\" tube,x\n") == [["h", "i"], ["5\" tube", "x"]])
  }

  @Test(arguments: [true, false], [true, false])
  func utf16IsReadInEitherOrderWithOrWithoutAMark(isBigEndian: Bool, hasMark: Bool) throws {
    let text = (hasMark ? "\u{FEFF}" : "") + "name,note\nÅsa,\"größer 😀\"\n"
    let bytes = text.utf16.flatMap { unit in
      isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 255)] : [UInt8(unit & 255), UInt8(unit >> 8)]
    }
    #expect(try rows(Data(bytes)) == [["name", "note"], ["Åsa", "größer 😀"]])
    #expect(throws: DelimitedTextError.malformedUTF16) { try rows(Data(bytes.dropLast())) }
  }

  @Test func halfAPairOfUTF16IsAnError() {
    #expect(throws: DelimitedTextError.malformedUTF16) { try rows(Data([0xFF, 0xFE, 0x3D, 0xD8, 0x61, 0])) }
  }

  @Test func whatIsNotUTF8IsWindows1252OrAnErrorWhereUTF8IsAsked() throws {
    let data = Data("a\n".utf8) + Data([0x63, 0x6F, 0xE9, 0x75, 0x72, 0x20, 0x93, 0x80, 0x0A])
    #expect(try rows(data) == [["a"], ["coéur “€"]])
    #expect(throws: DelimitedTextError.notUTF8(line: 2)) { try rows(data, DelimitedFormat(encodings: .utf8)) }
    #expect(try CharacterEncoding.text(Data([0xE9, 0x74, 0xE9])) == "été")
  }

  @Test func openQuotesAndNulsAreErrorsWithTheirLine() {
    #expect(throws: DelimitedTextError.unclosedQuote(line: 3)) { try rows("a\n\"1\"\n\"2\n3\n") }
    #expect(throws: DelimitedTextError.nulByte(line: 4)) { try rows("a\n\"1\n2\"\n3\0\n") }
    #expect(throws: DelimitedTextError.nulByte(line: 1)) { try rows(Data([0, 1, 2, 255])) }
  }

  @Test func cellsAndRowsHaveLimits() throws {
    let long = String(repeating: "x", count: 10_000_000)
    #expect(throws: DelimitedTextError.cellTooLong(row: 3, limit: 1 << 20)) { try rows("a\nb\n\(long)\n") }
    #expect(throws: DelimitedTextError.cellTooLong(row: 2, limit: 1 << 20)) { try rows("a\n\"b\n\(long)\n") }
    #expect(try rows("a\n\(long.prefix(1 << 20))\n").last?.first?.utf8.count == 1 << 20)
    let wide = String(repeating: ",", count: 20_000)
    #expect(throws: DelimitedTextError.tooManyCells(row: 1, limit: 16_384)) { try rows(wide) }
  }

  @Test func tablesNameTheirColumnsAndNumberTheirRows() throws {
    let table = try DelimitedTable(Data("a, B ,b\n1\n\n1,\" 2\n\",3,\n1,2,3,4\n".utf8))
    #expect(table.columns == ["a", "B", "b"])
    #expect(table.index(of: "b") == 1 && table.index(of: "c") == nil && table.index(of: "c", "A") == 0)
    var reader = table.rows()
    var rows: [DelimitedRow] = []
    while let row = try reader.next() { rows.append(row) }
    #expect(rows.map(\.number) == [2, 4, 5] && rows.map(\.line) == [2, 4, 6])
    #expect(rows.map { $0.text(1) } == [nil, "2", "2"])
    #expect(rows.map { $0.isRagged(columns: 3) } == [true, false, true])
    #expect(rows[0][7] == "" && rows[0].text(nil) == nil && rows[1][1] == " 2\n")
  }

  @Test func emptyTablesAndAbsentFilesAreErrors() {
    #expect(throws: DelimitedTextError.empty) { try DelimitedTable(Data("\n\r\n".utf8)) }
    #expect { try DelimitedTable(contentsOf: "/nowhere/table.csv") } throws: {
      guard case .unreadable = $0 as? DelimitedTextError else { return false }
      return true
    }
  }

  @Test func everyErrorSaysWhatToDo() {
    let errors: [DelimitedTextError] = [
      .unreadable(reason: "gone"), .empty, .nulByte(line: 1), .unclosedQuote(line: 2), .strayQuote(line: 3),
      .cellTooLong(row: 4, limit: 5), .tooManyCells(row: 6, limit: 7), .notUTF8(line: 8), .malformedUTF16,
    ]
    #expect(errors.allSatisfy { "\($0)".contains(": ") && !"\($0)".contains("\n") })
    #expect(errors.map(\.line) == [nil, nil, 1, 2, 3, 4, 6, 8, nil])
  }
}
