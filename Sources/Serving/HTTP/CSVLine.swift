/// Lines of CSV as the service sends them (RFC 4180).
enum CSVLine {
  /// A line with its end.
  static func of(_ cells: [String]) -> String {
    cells.map { cell in
      cell.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
    }.joined(separator: ",") + "\r\n"
  }

  /// A cell of what someone has typed, which no spreadsheet takes for a formula.
  static func typed(_ text: String) -> String {
    text.first.map { "=+-@\t\r".contains($0) } == true ? "'\(text)" : text
  }
}
