import GRDB

extension RadiographDataset {
  /// What the report of an image's study says, by finding in alphabetical order; empty if it has none.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func findings(of record: RadiographRecord) throws(DatasetError) -> [StudyFinding] {
    do {
      return try database.read { database in
        guard try database.tableExists("findings") else { return [] }
        return try Row.fetchAll(
          database,
          sql: """
            SELECT name, state, laterality, severity, change, locations FROM findings
            WHERE study_id = (SELECT study_id FROM images WHERE id = ?) ORDER BY name
            """, arguments: [record.id]
        ).compactMap { row in
          guard let state = LabelState(rawValue: try row.value(1)) else { return nil }
          let locations: String = try row.value(5)
          return StudyFinding(
            name: try row.value(0), state: state, laterality: try row.value(2), severity: try row.value(3),
            change: try row.value(4), locations: locations.split(separator: "|").map(String.init))
        }
      }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }
}
