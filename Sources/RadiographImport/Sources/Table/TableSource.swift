import Foundation
import RadiographData

/// Any table of images with a mapping that says which column is what: CSV, TSV or JSON Lines, packed by gzip or not,
/// joined with further tables.
public enum TableSource {
  /// - Parameters:
  ///   - source: the folder that tables and images lie in, or a table whose images lie below its folder.
  ///   - official: the mapping's `split` decides, which otherwise is left aside.
  /// - Throws: `DatasetError.sourceMissing`, `.malformedTable`, `.malformedMapping`, `.inputOutput`; `.mappingMismatch`
  ///   if the official split is asked for and the mapping has none.
  public static func list(
    _ source: URL, mapping: TableMapping, official: OfficialSplit? = nil, links: SourceLinks = .inside
  ) throws(DatasetError) -> ImportSource {
    guard FileManager.default.fileExists(atPath: source.path) else {
      throw .sourceMissing(path: source.path, remedy: "name the table, or the folder that holds it")
    }
    if official != nil, mapping.split == nil {
      throw .mappingMismatch(reason: "the mapping \(mapping.name) has no split for --official-split")
    }
    let isTable = !SourceFolder.isFolder(source)
    let root = isTable ? source.deletingLastPathComponent() : source
    let names = isTable ? [source.lastPathComponent] : mapping.tables
    var tables: [(name: String, rows: TableRows)] = []
    for name in names {
      // "train.csv.gz" given by its own name is "train.csv" to the mapping.
      let plain = name.lowercased().hasSuffix(".gz") ? String(name.dropLast(3)) : name
      if let rows = try TableRows.find(plain, in: root) { tables.append((plain, rows)) }
    }
    guard !tables.isEmpty else {
      throw .sourceMissing(
        path: root.appendingPathComponent(names.first ?? "table.csv").path,
        remedy: "put the table there, or name it in the mapping's tables")
    }
    let folder = try SourceFolder(root, links: links) {
      ImageScanner.extensions.contains($0) || (mapping.textFile != nil && $0 == "txt")
    }
    var listing = TableListing(mapping: mapping, folder: folder, isOfficial: official != nil)
    try listing.read(joins: mapping.joins, beside: tables[0].rows)
    for table in tables { try listing.read(table.rows, name: table.name) }
    return listing.source()
  }
}

/// Entries as they come out of a table's rows.
private struct TableListing {
  let mapping: TableMapping
  let folder: SourceFolder
  let isOfficial: Bool
  private var joins: [TableJoin] = []
  private var images: ListedImages
  private var texts: SourceFiles
  private let names: SourceNames
  /// Few combinations of states are common, and each is kept once.
  private var labelSets: [[Int8]: [String: LabelState]] = [:]
  private var lastText: (path: String, sections: [TextSection]) = ("", [])

  /// The name of the table that a row is of.
  private static let tableColumn = "@table"

  init(mapping: TableMapping, folder: SourceFolder, isOfficial: Bool) {
    self.mapping = mapping
    self.folder = folder
    self.isOfficial = isOfficial
    names = SourceNames(root: folder.root)
    let isText = { SourceFolder.pathExtension($0) == "txt" }
    images = ListedImages(folder, images: folder.files.filter { !isText($0) }, by: .path, naming: .file)
    texts = SourceFiles(folder.files.filter(isText), by: .path)
  }

  private var wantedColumns: Set<String> {
    let fields = mapping.fields.flatMap(\.choices).flatMap(\.template.columns)
    return Set(fields + mapping.labels.columns.map(\.column) + mapping.joins.flatMap(\.on)).subtracting([
      Self.tableColumn
    ])
  }

  mutating func read(joins list: [TableMapping.Join], beside base: TableRows) throws(DatasetError) {
    let wanted = wantedColumns.filter { base.index(of: $0) == nil }
    for join in list {
      guard let rows = try TableRows.find(join.table, in: folder.root) else {
        if join.isOptional { continue }
        throw .sourceMissing(
          path: folder.root.appendingPathComponent(join.table).path, remedy: "put the table there, packed or not")
      }
      var notes: [ImportExclusion] = []
      joins.append(try TableJoin(rows, join, wanted: wanted, exclusions: &notes))
      images.add(notes)
    }
  }

  private enum Place {
    case first(Int)
    case joined(table: Int, column: Int)
  }

  /// Where the cells of every column are found.
  private func places(in rows: TableRows, name: String) throws(DatasetError) -> [String: Place] {
    var places: [String: Place] = [:]
    let mayLack = mapping.joins.contains(where: \.isOptional) && joins.count < mapping.joins.count
    for column in wantedColumns {
      if let index = rows.index(of: column) {
        places[column] = .first(index)
      } else if let (table, index) = joins.enumerated().lazy.compactMap({ table, join in
        join.columns.firstIndex(of: column).map { (table, $0) }
      }).first {
        places[column] = .joined(table: table, column: index)
      } else if !mayLack {
        throw .malformedTable(path: name, reason: "no column \(column)")
      }
    }
    let path = mapping.path.choices.flatMap(\.template.columns)
    if let lacking = path.first(where: { places[$0] == nil }) {
      throw .malformedTable(path: name, reason: "no column \(lacking)")
    }
    return places
  }

  mutating func read(_ rows: TableRows, name: String) throws(DatasetError) {
    let places = try places(in: rows, name: name)
    try rows.forEachRow { row in
      let place = "\(name) row \(row.number)"
      if row.isMalformed {
        images.exclude(place, .malformedRow)
        return
      }
      func firstCell(_ column: String) -> String? {
        if case .first(let index)? = places[column] { return row.text(index) }
        return column == Self.tableColumn ? name : nil
      }
      let joined = joins.map { $0.place(firstCell) }
      let joins = joins
      add(place: place) { column in
        guard case .joined(let table, let index)? = places[column] else { return firstCell(column) }
        return joined[table].flatMap { joins[table].cell(place: $0, column: index) }
      }
    }
  }

  private mutating func add(place: String, cell: (_ column: String) -> String?) {
    func named(_ column: String) -> String? { cell(column).flatMap { MissingCell.isMissing($0) ? nil : $0 } }
    guard let text = mapping.path.value(named) else {
      images.exclude(place, .malformedRow, "no path")
      return
    }
    guard let name = images.name(text, row: place) else { return }
    guard let patient = mapping.patient.map({ $0.value(named) }) ?? name.path else {
      images.skip(name)
      images.exclude(place, .malformedRow, "no patient")
      return
    }
    var reading = AttributeReading(place: place)
    if let field = mapping.view {
      let text = field.value(cell)
      guard text != "skip" else {
        images.skip(name)
        images.exclude(name.path, .unknownView, place)
        return
      }
      reading.attributes.view = text.flatMap(ViewPosition.init(text:))
    } else {
      reading.attributes.view = .frontal
    }
    reading.attributes.sex = mapping.sex?.value(cell).flatMap(PatientSex.init(text:))
    reading.readAge(mapping.age?.value(cell))
    readLabels(cell, into: &reading)
    images.add(reading.exclusions)
    let entry = ImportEntry(
      path: name.path, file: nil, patient: patient, study: mapping.study?.value(named) ?? name.path,
      attributes: reading.attributes, sections: sections(cell, named, place: place),
      split: isOfficial ? mapping.split?.value(cell).flatMap(Self.split) : nil)
    images.append(entry, name, row: place)
  }

  private static func split(_ text: String) -> DatasetSplit? {
    switch text.lowercased() {
    case "train", "training": .train
    case "validation", "validate", "valid", "val", "dev": .validation
    case "test", "testing": .test
    default: nil
    }
  }

  private mutating func readLabels(_ cell: (_ column: String) -> String?, into reading: inout AttributeReading) {
    let labels = mapping.labels
    var unknown: [String] = []
    if !labels.columns.isEmpty {
      // 2: nothing is said.
      var states = [Int8](repeating: 2, count: labels.columns.count)
      for (index, column) in labels.columns.enumerated() {
        guard let text = cell(column.column) else { continue }
        if let state = Double(text).flatMap(Int.init(exactly:)).flatMap(LabelState.init(rawValue:)) {
          states[index] = Int8(state.rawValue)
        } else {
          unknown.append("\(column.label) is \(text)")
        }
      }
      if let known = labelSets[states] {
        reading.attributes.labels = known
      } else {
        var set: [String: LabelState] = [:]
        for (column, state) in zip(labels.columns, states) where state != 2 {
          set[column.label] = LabelState(rawValue: Int(state))
        }
        labelSets[states] = set
        reading.attributes.labels = set
      }
    }
    for name in labels.list?.value(cell)?.components(separatedBy: labels.separator) ?? [] {
      let name = name.trimmingCharacters(in: .whitespaces)
      if name.isEmpty { continue }
      if labels.decided.isEmpty || labels.decided.contains(name) {
        reading.attributes.labels[name] = .positive
      } else {
        unknown.append(name)
      }
    }
    reading.noteUnknownLabels(unknown)
  }

  /// - Parameter named: a column's cell, nil also for a word that says that there is none.
  private mutating func sections(
    _ cell: (_ column: String) -> String?, _ named: (_ column: String) -> String?, place: String
  ) -> [TextSection] {
    var sections: [TextSection] = []
    for section in mapping.sections {
      if let text = section.field.value(cell) { sections.append(TextSection(name: section.name, text: text)) }
    }
    if let text = mapping.text?.value(cell) { sections += ReportText.sections(of: text) }
    guard let path = mapping.textFile?.value(named) else { return sections }
    if lastText.path != path { lastText = (path, report(path, place: place)) }
    return sections + lastText.sections
  }

  /// The report in the file that a row names: reports may be shared, so that several rows may mean one file.
  private mutating func report(_ name: String, place: String) -> [TextSection] {
    guard let path = texts.exact(name) == nil ? names.path(name) : name else {
      images.exclude("\(place) report", .outsideSource, String(name.prefix(200)))
      return []
    }
    var match = texts.exact(path).map(SourceFiles.Match.one) ?? .none
    if match == .none { match = texts.nearest(path) { _ in true } }
    switch match {
    case .none: return []
    case .several(let candidates):
      let paths = candidates.prefix(5).map { texts.paths[$0] }.joined(separator: ", ")
      images.exclude("\(place) report", .ambiguousName, "it may be \(paths)")
      return []
    case .one(let file):
      switch TextFile.read(folder.url(texts.paths[file])) {
      case .text(let text): return ReportText.sections(of: text)
      case .blank, .absent: return []
      case .malformed(let reason):
        images.exclude(texts.paths[file], .malformedReport, reason)
        return []
      }
    }
  }

  mutating func source() -> ImportSource {
    images.settle()
    for path in images.unlisted { images.exclude(path, .unlisted) }
    var entries = images.entries
    var exclusions = images.exclusions
    exclusions += OfficialSplit.dropConflictingSexes(&entries)
    exclusions += OfficialSplit.unify(&entries)
    return ImportSource(
      name: mapping.name, kind: "table", licence: mapping.licence, attribution: mapping.attribution,
      vocabulary: mapping.labels.decided, root: folder.root, entries: entries, exclusions: exclusions,
      unfollowedLinks: folder.unfollowedLinks)
  }
}
