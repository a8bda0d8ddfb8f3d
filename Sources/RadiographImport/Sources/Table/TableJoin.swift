import RadiographData

/// A further table in memory: of each row only the cells that a mapping asks for, and equal rows once.
struct TableJoin {
  let columns: [String]
  private let keyColumns: [String]
  private var places: [String: Int32] = [:]
  private var rows: [[String?]] = []

  /// - Parameter wanted: those columns of the mapping that are not in the first table.
  init(
    _ rows: TableRows, _ join: TableMapping.Join, wanted: Set<String>, exclusions: inout [ImportExclusion]
  ) throws(DatasetError) {
    keyColumns = join.on
    var keys: [Int] = []
    for column in join.on {
      guard let index = rows.index(of: column) else {
        throw .malformedTable(path: join.table, reason: "no column \(column)")
      }
      keys.append(index)
    }
    var indices: [Int] = []
    var names: [String] = []
    for column in wanted.sorted() {
      guard let index = rows.index(of: column) else { continue }
      indices.append(index)
      names.append(column)
    }
    columns = names
    var known: [[String?]: Int32] = [:]
    var places: [String: Int32] = [:]
    var stored: [[String?]] = []
    var notes: [ImportExclusion] = []
    try rows.forEachRow { row in
      let place = "\(join.table) row \(row.number)"
      guard !row.isMalformed, let key = Self.key(keys.map { row.text($0) }) else {
        notes.append(ImportExclusion(path: place, reason: .malformedRow))
        return
      }
      guard places[key] == nil else {
        notes.append(ImportExclusion(path: place, reason: .duplicateRow, detail: String(key.prefix(80))))
        return
      }
      let cells = indices.map { row.text($0) }
      if let number = known[cells] {
        places[key] = number
      } else {
        let number = Int32(clamping: stored.count)
        stored.append(cells)
        known[cells] = number
        places[key] = number
      }
    }
    self.places = places
    self.rows = stored
    exclusions += notes
  }

  /// Where the row of these keys is; nil if there is none.
  func place(_ cell: (_ column: String) -> String?) -> Int? {
    Self.key(keyColumns.map(cell)).flatMap { places[$0] }.map(Int.init)
  }

  func cell(place: Int, column: Int) -> String? { rows[place][column] }

  private static func key(_ cells: [String?]) -> String? {
    let present = cells.compactMap { $0 }
    return present.count == cells.count ? present.joined(separator: "\u{1F}") : nil
  }
}
