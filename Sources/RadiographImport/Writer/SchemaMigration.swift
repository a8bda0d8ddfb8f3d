import GRDB
import RadiographData

extension DatasetSchema {
  /// Brings a version 1 up to this one: its pixels gain checksums and perceptual hashes, its reports findings; no row
  /// changes.
  ///
  /// - Parameter fingerprint: of the image in a slot.
  static func migrate(
    in database: Database, reports: ReportReader, fingerprint: (_ slot: Int) throws -> PixelFingerprint
  ) throws {
    try database.execute(sql: pixels)
    try database.execute(sql: findings)
    let studies = try Int64.fetchAll(database, sql: "SELECT DISTINCT study_id FROM sections ORDER BY study_id")
    for study in studies {
      let sections = try Row.fetchAll(
        database, sql: "SELECT name, text FROM sections WHERE study_id = ? ORDER BY position", arguments: [study]
      ).map { TextSection(name: try $0.value(0), text: try $0.value(1)) }
      for finding in reports.findings(in: sections) { try insert(finding, study: study, in: database) }
    }
    let count = try Int.fetchOne(database, sql: "SELECT IFNULL(MAX(slot) + 1, 0) FROM images") ?? 0
    for slot in 0..<count { try insert(fingerprint(slot), slot: slot, in: database) }
    try database.execute(sql: "PRAGMA user_version = \(version)")
  }
}
