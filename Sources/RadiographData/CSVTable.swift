import Foundation

/// A comma-separated table in memory (RFC 4180; LF, CRLF or CR; with or without a byte order mark).
struct CSVTable: Sendable {
  /// The header's names, trimmed.
  let columns: [String]
  /// One array a row. A row may be shorter or longer than the header.
  let rows: [[String]]
  private let indices: [String: Int]

  init(contentsOf url: URL) throws(DatasetError) {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .inputOutput(path: url.path, reason: error.localizedDescription)
    }
    try self.init(data, path: url.path)
  }

  init(_ data: Data, path: String) throws(DatasetError) {
    guard !data.contains(0) else { throw .malformedTable(path: path, reason: "it holds NUL bytes") }
    var parser = Parser(bytes: Array(data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data))
    guard var table = parser.table() else { throw .malformedTable(path: path, reason: "a quote is not closed") }
    guard !table.isEmpty else { throw .malformedTable(path: path, reason: "it is empty") }
    columns = table.removeFirst().map { $0.trimmingCharacters(in: .whitespaces) }
    rows = table
    indices = Dictionary(columns.enumerated().map { ($1.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The place of the first of these columns that is there, whatever its case.
  func index(of names: String...) -> Int? {
    names.lazy.compactMap { indices[$0.lowercased()] }.first
  }

  /// A cell, trimmed; nothing where it is blank or the row is short.
  static func cell(_ row: [String], _ index: Int?) -> String? {
    guard let index, index < row.count else { return nil }
    let text = row[index].trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? nil : text
  }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// All rows that are not blank, or nothing where a quote is left open.
    mutating func table() -> [[String]]? {
      var rows: [[String]] = []
      while position < bytes.count {
        guard let row = row() else { return nil }
        if row != [""] { rows.append(row) }
      }
      return rows
    }

    private mutating func row() -> [String]? {
      var cells: [String] = []
      while true {
        guard let cell = cell() else { return nil }
        cells.append(cell)
        guard position < bytes.count else { return cells }
        let separator = bytes[position]
        position += 1
        if separator == UInt8(ascii: ",") { continue }
        if separator == UInt8(ascii: "\r"), position < bytes.count, bytes[position] == UInt8(ascii: "\n") {
          position += 1
        }
        return cells
      }
    }

    /// Stops at the separator that follows, or at the end.
    private mutating func cell() -> String? {
      var text: [UInt8] = []
      var quoted = false
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        quoted = true
        position += 1
      }
      while position < bytes.count {
        let byte = bytes[position]
        if quoted {
          position += 1
          if byte != UInt8(ascii: "\"") {
            text.append(byte)
          } else if position < bytes.count, bytes[position] == byte {
            text.append(byte)
            position += 1
          } else {
            quoted = false
          }
        } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
          break
        } else {
          text.append(byte)
          position += 1
        }
      }
      return quoted ? nil : String(decoding: text, as: UTF8.self)
    }
  }
}
