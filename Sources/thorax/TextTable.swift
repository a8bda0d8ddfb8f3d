/// Rows of text in columns, for a terminal: the first at the left, numbers at the right.
struct TextTable {
  var title: String
  /// Of the columns after the first; empty for a table that needs no heads.
  var heads: [String] = []
  var rows: [[String]]

  /// The table with its title above; nothing where there are no rows.
  func lines() -> [String] {
    guard !rows.isEmpty else { return [] }
    let head = heads.isEmpty ? [] : [[title] + heads]
    // What a source wrote must not steer the terminal.
    let cells = head + rows.map { $0.map(Console.oneLine) }
    let columns = cells.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in cells.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    let body = cells.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + (row.count > 1 ? space : "") : space + cell
      }.joined(separator: "  ")
    }
    return heads.isEmpty ? [title] + body.map { "  " + $0 } : [body[0]] + body.dropFirst().map { "  " + $0 }
  }
}
