import DelimitedText
import Foundation
import RadiographData
import Support

/// The rows of a table as a mapping reads them: delimited text, or JSON Lines, an object a line.
enum TableRows {
  case delimited(SourceTable)
  case jsonLines(JSONLines)

  struct Row {
    let number: Int
    /// Cells are missing, too many, or the line is no object.
    let isMalformed: Bool
    let text: (_ column: Int) -> String?
  }

  /// The table of a name, or packed by gzip under that name with `.gz`; nil if neither is there.
  static func find(_ name: String, in root: URL) throws(DatasetError) -> TableRows? {
    guard let name = SourceNames(root: root).path(name) else {
      throw .malformedMapping(path: name, reason: "a table outside the source's folder")
    }
    for candidate in [name, name + ".gz"] {
      guard let url = SourceFolder.file(candidate, in: root) else { continue }
      let kind = SourceFolder.pathExtension(name)
      return ["jsonl", "ndjson"].contains(kind)
        ? .jsonLines(try JSONLines(contentsOf: url)) : .delimited(try SourceTable(contentsOf: url))
    }
    return nil
  }

  var columns: [String] {
    switch self {
    case .delimited(let table): table.columns
    case .jsonLines(let lines): lines.columns
    }
  }

  func index(of column: String) -> Int? {
    switch self {
    case .delimited(let table): table.index(of: column)
    case .jsonLines(let lines): lines.columns.firstIndex { $0.lowercased() == column.lowercased() }
    }
  }

  func forEachRow(_ body: (Row) throws(DatasetError) -> Void) throws(DatasetError) {
    switch self {
    case .delimited(let table):
      let count = table.columns.count
      try table.forEachRow { row throws(DatasetError) in
        try body(Row(number: row.number, isMalformed: row.isRagged(columns: count), text: { row.text($0) }))
      }
    case .jsonLines(let lines): try lines.forEachRow(body)
    }
  }
}

/// JSON Lines: an object a line, whose values are text, numbers, truths, lists of text or null.
struct JSONLines {
  /// The keys of all objects, sorted.
  let columns: [String]
  private let data: Data

  private static let lineLimit = 16 << 20

  init(contentsOf url: URL) throws(DatasetError) {
    do {
      let isPacked = url.pathExtension.lowercased() == "gz"
      let bytes =
        isPacked
        ? try GzipReader.contents(of: url, limit: 1 << 30) : try BoundedFile.contents(of: url.path, limit: 1 << 30)
      data = try CharacterEncoding.unified(bytes)
    } catch let error as DatasetError {
      throw error
    } catch let error as FileAccessError {
      throw .inputOutput(path: url.path, reason: error.fact)
    } catch is DelimitedTextError {
      throw .malformedTable(path: url.path, reason: "it is UTF-16 with broken characters")
    } catch {
      throw .inputOutput(path: url.path, reason: error.localizedDescription)
    }
    var keys: Set<String> = []
    Self.forEachLine(data) { keys.formUnion(Self.object($1)?.keys.map { $0 } ?? []) }
    guard !keys.isEmpty else { throw .malformedTable(path: url.path, reason: "no line is a JSON object") }
    columns = keys.sorted()
  }

  func forEachRow(_ body: (TableRows.Row) throws(DatasetError) -> Void) throws(DatasetError) {
    var failure: DatasetError?
    Self.forEachLine(data) { number, line in
      if failure != nil { return }
      let object = Self.object(line)
      do throws(DatasetError) {
        try body(
          TableRows.Row(number: number, isMalformed: object == nil, text: { object?[columns[$0]]?.text }))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Numbers count from 1, blank lines included.
  private static func forEachLine(_ data: Data, _ body: (_ number: Int, Data) -> Void) {
    var number = 1
    var start = data.startIndex
    while start < data.endIndex {
      let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) ?? data.endIndex
      let line = data[start..<end]
      if line.contains(where: { $0 > 0x20 }) { body(number, line) }
      number += 1
      start = end < data.endIndex ? end + 1 : end
    }
  }

  private static func object(_ line: Data) -> [String: Value]? {
    line.count > lineLimit ? nil : try? JSONDecoder().decode([String: Value].self, from: line)
  }

  private enum Value: Decodable {
    case text(String)
    case whole(Int64)
    case number(Double)
    case truth(Bool)
    case list([String])
    case other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let truth = try? value.decode(Bool.self) {
        self = .truth(truth)
      } else if let whole = try? value.decode(Int64.self) {
        self = .whole(whole)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else if let list = try? value.decode([String].self) {
        self = .list(list)
      } else {
        self = .other
      }
    }

    /// As a cell of a table has it: trimmed, nil if it is blank. Lists are joined by `|`.
    var text: String? {
      let text =
        switch self {
        case .text(let text): text.trimmingCharacters(in: .whitespacesAndNewlines)
        case .whole(let number): "\(number)"
        case .number(let number): "\(number)"
        case .truth(let truth): truth ? "1" : "0"
        case .list(let list): list.joined(separator: "|")
        case .other: ""
        }
      return text.isEmpty ? nil : text
    }
  }
}
