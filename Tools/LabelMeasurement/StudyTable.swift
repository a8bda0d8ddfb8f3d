import Foundation

/// The rows of a table of studies, as comma-separated values (RFC 4180).
public enum StudyTable {
  /// One dictionary a row, of the columns asked for; cells are trimmed.
  public static func rows(of url: URL, columns: [String]) throws -> [[String: String]] {
    let table = cells(String(decoding: try Data(contentsOf: url), as: UTF8.self))
    let header = table.first ?? []
    var indices: [(name: String, index: Int)] = []
    for name in columns {
      guard let index = header.firstIndex(of: name) else {
        throw MeasurementInputError.missingColumn(name, path: url.path)
      }
      indices.append((name, index))
    }
    return table.dropFirst().map { row in
      var cells: [String: String] = [:]
      for (name, index) in indices where index < row.count {
        cells[name] = row[index].trimmingCharacters(in: .whitespacesAndNewlines)
      }
      return cells
    }
  }

  private static func cells(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell: [UInt8] = []
    var quoted = false
    var previousWasQuote = false
    func take() -> String { String(decoding: cell, as: UTF8.self) }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") {
        if !quoted, previousWasQuote { cell.append(byte) }
        quoted.toggle()
        previousWasQuote = !quoted
        continue
      }
      previousWasQuote = false
      switch byte {
      case UInt8(ascii: ",") where !quoted:
        row.append(take())
        cell = []
      case UInt8(ascii: "\n") where !quoted:
        row.append(take())
        rows.append(row)
        (row, cell) = ([], [])
      case UInt8(ascii: "\r") where !quoted: break
      default: cell.append(byte)
      }
    }
    if !cell.isEmpty || !row.isEmpty { rows.append(row + [take()]) }
    return rows
  }
}

/// What can be wrong with the table of studies.
public enum MeasurementInputError: Error, Sendable, Equatable, CustomStringConvertible {
  case missingColumn(String, path: String)

  public var description: String {
    switch self {
    case .missingColumn(let name, let path):
      "no column \(name) in \(path): give indiana_reports.csv as its publisher ships it"
    }
  }
}
