import Support

/// Rows of text in columns, for a terminal: numbers are aligned at the right, everything else at the left.
public struct TextTable {
  public var title: String
  /// Of the columns after the first; empty for a table that needs no heads.
  public var heads: [String] = []
  public var rows: [[String]]

  public init(title: String, heads: [String] = [], rows: [[String]]) {
    self.title = title
    self.heads = heads
    self.rows = rows
  }

  /// The lines of the table with its title above; none if there are no rows.
  public func lines() -> [String] {
    guard !rows.isEmpty else { return [] }
    // What a source wrote must not steer the terminal.
    let body = rows.map { row in row.enumerated().map { ($0.offset == 0 ? "  " : "") + $0.element.onOneLine() } }
    let cells = [[title] + heads] + body
    let columns = cells.map(\.count).max() ?? 0
    let isNumeric = (0..<columns).map { column in
      body.allSatisfy {
        column >= $0.count || $0[column].contains { $0.isNumber } && !$0[column].contains { $0.isLetter }
      }
    }
    // A title that stands alone over its table does not widen the first column.
    let measured = heads.isEmpty ? body : cells
    let widths = (0..<columns).map { column in measured.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return cells.map { row in
      let line = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: max(0, widths[column] - cell.count))
        return column > 0 && isNumeric[column] ? space + cell : cell + space
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
