import DelimitedText
import Foundation

/// The rows of a table of studies.
package enum StudyTable {
  /// One dictionary a row, of the columns asked for; blank cells are left out.
  package static func rows(of url: URL, columns: [String]) throws -> [[String: String]] {
    let table = try DelimitedTable(contentsOf: url.path)
    let indices = try columns.map { name in
      guard let index = table.index(of: name) else {
        throw MeasurementInputError.missingColumn(name, path: url.path)
      }
      return (name, index)
    }
    var rows: [[String: String]] = []
    var reader = table.rows()
    while let row = try reader.next() {
      var cells: [String: String] = [:]
      for (name, index) in indices { cells[name] = row.text(index) }
      rows.append(cells)
    }
    return rows
  }
}

/// What can be wrong with the table of studies.
package enum MeasurementInputError: Error, Sendable, Equatable, CustomStringConvertible {
  case missingColumn(String, path: String)

  package var description: String {
    switch self {
    case .missingColumn(let name, let path):
      "no column \(name) in \(path): give indiana_reports.csv as its publisher ships it"
    }
  }
}
