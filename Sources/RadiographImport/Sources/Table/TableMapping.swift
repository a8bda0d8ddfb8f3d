import Foundation
import RadiographData

/// Which column of a table is what. Read from a YAML file; `docs/dataset-format.md` lists the keys.
public struct TableMapping: Sendable, Equatable {
  /// The source's name in the dataset.
  var name: String
  var licence = "as its owner says"
  var attribution = ""
  /// Tables of the same columns, relative to the source's folder; one that is not there is passed over if another is.
  var tables: [String] = []
  var joins: [Join] = []
  /// Of the image, below the source's folder.
  var path: TableField
  var patient: TableField?
  var study: TableField?
  var view: TableField?
  var age: TableField?
  var sex: TableField?
  var split: TableField?
  /// Parts of a report in columns of their own, in the order of the file.
  var sections: [Section] = []
  /// A whole report in one cell.
  var text: TableField?
  /// The path of a file with the whole report.
  var textFile: TableField?
  var labels = Labels()

  struct Section: Sendable, Equatable {
    var name: String
    var field: TableField
  }

  /// A further table, of whose rows one belongs to a row of the first.
  struct Join: Sendable, Equatable {
    var table: String
    /// Columns that both have; together they are unique in the further table.
    var on: [String]
    var isOptional = false
  }

  struct Labels: Sendable, Equatable {
    /// Columns of states, each named as its label is to be called.
    var columns: [Column] = []
    /// One column of names of positive labels.
    var list: TableField?
    var separator = "|"
    /// Labels that the source decided on for every image: one that is not listed is negative.
    var decided: [String] = []

    struct Column: Sendable, Equatable {
      var label: String
      var column: String
    }
  }

  /// Mappings that ship, by the name that `--mapping` takes.
  public static let shipped = ["chexpert", "hannover", "mimic-cxr-jpg"]

  /// A mapping by its shipped name or from a file.
  ///
  /// - Throws: `DatasetError.sourceMissing` if there is no such file, `.malformedMapping`, `.inputOutput`.
  public init(named name: String) throws(DatasetError) {
    switch name {
    case "chexpert": try self.init(yaml: Data(PackageResources.mapping_chexpert_yaml), path: name)
    case "hannover": try self.init(yaml: Data(PackageResources.mapping_hannover_yaml), path: name)
    case "mimic-cxr-jpg": try self.init(yaml: Data(PackageResources.mapping_mimic_cxr_jpg_yaml), path: name)
    default:
      let url = URL(fileURLWithPath: name)
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw .sourceMissing(
          path: name, remedy: "name a YAML file, or one of \(Self.shipped.joined(separator: ", "))")
      }
      let data: Data
      do {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        data = try handle.read(upToCount: MappingReader.limit + 1) ?? Data()
      } catch {
        throw .inputOutput(path: name, reason: error.localizedDescription)
      }
      try self.init(yaml: data, path: name)
    }
  }

  init(yaml: Data, path: String) throws(DatasetError) {
    self = try MappingReader(yaml, path: path).mapping()
  }

  init(name: String, path: TableField) {
    self.name = name
    self.path = path
  }

  /// Every field, to find the columns that are asked for.
  var fields: [TableField] {
    [path, patient, study, view, age, sex, split, text, textFile, labels.list].compactMap { $0 } + sections.map(\.field)
  }
}

/// How a value is made of a row: the first of several ways that gives one.
struct TableField: Sendable, Equatable {
  struct Choice: Sendable, Equatable {
    var template: TableTemplate
    /// What the source's words mean; `*` is any other, a blank included. If it is nil, words are taken as they are.
    var values: [String: String]?
    /// Words that mean nothing.
    var blanks: Set<String> = []
  }

  var choices: [Choice]

  /// - Parameter cell: the trimmed cell of a column, nil if it is blank.
  func value(_ cell: (_ column: String) -> String?) -> String? {
    for choice in choices {
      let text = choice.template.fill(cell).flatMap { choice.blanks.contains($0) ? nil : $0 }
      guard let values = choice.values else {
        if let text { return text }
        continue
      }
      if let value = text.flatMap({ values[$0] }) ?? values["*"], !value.isEmpty { return value }
    }
    return nil
  }
}

/// Text with columns in braces: `{dicom_id}` a cell, `{subject_id:2}` its first two letters, `{Path/2}` a part of a path
/// counted from 0, `{Path/1-}` that part and all behind it.
struct TableTemplate: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    case text(String)
    case cell(column: String)
    case beginning(column: String, length: Int)
    case parts(column: String, first: Int, isOpen: Bool)
  }

  var pieces: [Piece]

  /// A whole cell.
  init(column: String) { pieces = [.cell(column: column)] }

  /// Returns nil if a brace is not closed or holds something else.
  init?(_ text: String) {
    pieces = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}") else { return nil }
      if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
      guard let piece = Self.piece(rest[rest.index(after: open)..<close]) else { return nil }
      pieces.append(piece)
      rest = rest[rest.index(after: close)...]
    }
    if rest.contains("}") { return nil }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
  }

  /// A column's own name may hold a slash or a colon (`Frontal/Lateral`): only a number behind one is an instruction.
  private static func piece(_ text: Substring) -> Piece? {
    if text.isEmpty { return nil }
    if let colon = text.lastIndex(of: ":"), let length = Int(text[text.index(after: colon)...]), length > 0 {
      return .beginning(column: String(text[..<colon]), length: length)
    }
    if let slash = text.lastIndex(of: "/") {
      var index = text[text.index(after: slash)...]
      let isOpen = index.hasSuffix("-")
      if isOpen { index.removeLast() }
      if let first = Int(index), first >= 0 {
        return .parts(column: String(text[..<slash]), first: first, isOpen: isOpen)
      }
    }
    return .cell(column: String(text))
  }

  var columns: [String] {
    pieces.compactMap { piece in
      switch piece {
      case .text: nil
      case .cell(let column), .beginning(let column, _), .parts(let column, _, _): column
      }
    }
  }

  /// Returns nil if a cell that it needs is blank.
  func fill(_ cell: (_ column: String) -> String?) -> String? {
    var result = ""
    for piece in pieces {
      switch piece {
      case .text(let text): result += text
      case .cell(let column):
        guard let text = cell(column) else { return nil }
        result += text
      case .beginning(let column, let length):
        guard let text = cell(column) else { return nil }
        result += text.prefix(length)
      case .parts(let column, let first, let isOpen):
        guard let parts = cell(column)?.split(separator: "/"), first < parts.count else { return nil }
        result += isOpen ? parts[first...].joined(separator: "/") : String(parts[first])
      }
    }
    return result.isEmpty ? nil : result
  }
}
