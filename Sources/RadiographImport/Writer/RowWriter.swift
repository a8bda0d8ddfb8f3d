import GRDB
import RadiographData

/// The rows of one transaction, by statements that are prepared once.
///
/// Images of one study usually follow each other: the last patient and study are remembered.
final class RowWriter {
  struct Patient {
    var id: Int64
    var key: String
    var split: DatasetSplit
  }

  private struct Study {
    var patient: Int64
    var key: String
    var id: Int64
    var sections: [TextSection]
    var hasReport: Bool
  }

  /// Whether the image that was inserted last has a study of its own, because another report is stored under its study's
  /// name.
  private(set) var isApart = false

  private let database: Database
  private let sourceID: Int64
  private let reports: ReportReader
  private let insertStudy: Statement
  private let findStudy: Statement
  private let findSections: Statement
  private let insertSection: Statement
  private let insertImage: Statement
  private let updateImage: Statement
  private let findImage: Statement
  private let insertLabel: Statement
  private let deleteExclusions: Statement
  private let findPatient: Statement
  private var lastPatient: Patient?
  private var lastStudy: Study?

  init(_ database: Database, sourceID: Int64, reports: ReportReader) throws {
    self.database = database
    self.sourceID = sourceID
    self.reports = reports
    findPatient = try database.cachedStatement(
      sql: "SELECT id, split FROM patients WHERE source_id = ? AND key = ?")
    insertStudy = try database.cachedStatement(
      sql: """
        INSERT INTO studies (patient_id, key, age_lower, age_upper, sex) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    findStudy = try database.cachedStatement(sql: "SELECT id FROM studies WHERE patient_id = ? AND key = ?")
    findSections = try database.cachedStatement(
      sql: "SELECT name, text FROM sections WHERE study_id = ? ORDER BY position")
    insertSection = try database.cachedStatement(
      sql: "INSERT INTO sections (study_id, position, name, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    insertImage = try database.cachedStatement(
      sql: """
        INSERT INTO images (study_id, source_id, path, view, frontal, eligible, width, height, sha256, slot)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    updateImage = try database.cachedStatement(
      sql: """
        UPDATE images SET study_id = ?, eligible = ?, width = ?, height = ?, sha256 = ?, slot = ?
        WHERE source_id = ? AND path = ?
        """)
    findImage = try database.cachedStatement(sql: "SELECT id FROM images WHERE source_id = ? AND path = ?")
    insertLabel = try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO labels (image_id, name, state) VALUES (?, ?, ?)")
    let reasons = DatasetWriter.decidedAtImport.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
    deleteExclusions = try database.cachedStatement(
      sql: "DELETE FROM exclusions WHERE source_id = ? AND path = ? AND reason IN (\(reasons))")
  }

  func clearExclusions(of path: String) throws { try deleteExclusions.execute(arguments: [sourceID, path]) }

  /// The entry's patient, whom the plan has put in a split.
  func patient(_ entry: ImportEntry) throws -> Patient {
    if let lastPatient, lastPatient.key == entry.patient { return lastPatient }
    let row =
      try Row.fetchOne(findPatient, arguments: [sourceID, entry.patient]) ?? patientOfAnotherForm(entry.patient)
    guard let row, let split = DatasetSplit(rawValue: try row.value(1)) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "patient \(entry.patient) has no split")
    }
    let patient = Patient(id: try row.value(0), key: entry.patient, split: split)
    lastPatient = patient
    return patient
  }

  /// A patient whose name is stored with its accented letters in another form, in which the plan took it for the same:
  /// SQLite compares bytes.
  private func patientOfAnotherForm(_ key: String) throws -> Row? {
    if key.utf8.allSatisfy({ $0 < 0x80 }) { return nil }
    let rows = try Row.fetchCursor(
      database, sql: "SELECT id, split, key FROM patients WHERE source_id = ?", arguments: [sourceID])
    while let row = try rows.next() {
      let stored: String = try row.value(2)
      if stored == key { return row.copy() }
    }
    return nil
  }

  /// - Returns: the image's identifier.
  func insert(_ decoded: DecodedEntry, patient: Patient, slot: Int?, isEligible: Bool) throws -> Int64 {
    let entry = decoded.entry
    let attributes = entry.attributes
    let study = try study(entry, patient: patient.id)
    let image = decoded.image
    let frontal = attributes.view?.isFrontal ?? true
    try insertImage.execute(arguments: [
      study, sourceID, entry.path, attributes.view?.rawValue, frontal, isEligible, image?.width, image?.height,
      image?.contentHash, slot,
    ])
    var id = database.lastInsertedRowID
    if database.changesCount == 0 {
      // It was listed before without pixels: it keeps its row and gains them.
      try updateImage.execute(arguments: [
        study, isEligible, image?.width, image?.height, image?.contentHash, slot, sourceID, entry.path,
      ])
      id = try Int64.fetchOne(findImage, arguments: [sourceID, entry.path]) ?? 0
    }
    for (name, state) in attributes.labels.sorted(by: { $0.key < $1.key }) {
      try insertLabel.execute(arguments: [id, name, state.rawValue])
    }
    return id
  }

  /// The study that an image belongs to: the one of its name, or, where that has another report already, one of the
  /// image's own, so that no report is made of parts of two.
  private func study(_ entry: ImportEntry, patient: Int64) throws -> Int64 {
    var study = try study(entry.study, of: entry, patient: patient)
    isApart = !entry.sections.isEmpty && study.hasReport && study.sections != entry.sections
    if isApart { study = try self.study("\(entry.study)#\(entry.path)", of: entry, patient: patient) }
    // The report may come with any of the study's images.
    if !entry.sections.isEmpty, !study.hasReport {
      for (position, section) in entry.sections.enumerated() {
        try insertSection.execute(arguments: [study.id, position, section.name, section.text])
      }
      for finding in reports.findings(in: entry.sections) {
        try DatasetSchema.insert(finding, study: study.id, in: database)
      }
      study.sections = entry.sections
      study.hasReport = true
    }
    lastStudy = study
    return study.id
  }

  /// The study of a name as it is stored, made if it is not there.
  private func study(_ key: String, of entry: ImportEntry, patient: Int64) throws -> Study {
    if let lastStudy, lastStudy.patient == patient, lastStudy.key.utf8.elementsEqual(key.utf8) {
      return lastStudy
    }
    let attributes = entry.attributes
    try insertStudy.execute(arguments: [
      patient, key, attributes.age?.lower, attributes.age?.upper, attributes.sex?.rawValue,
    ])
    if database.changesCount > 0 {
      return Study(patient: patient, key: key, id: database.lastInsertedRowID, sections: [], hasReport: false)
    }
    let id = try Int64.fetchOne(findStudy, arguments: [patient, key]) ?? 0
    let sections = try Row.fetchAll(findSections, arguments: [id]).map {
      TextSection(name: try $0.value(0), text: try $0.value(1))
    }
    // Earlier versions stored placeholders of a text, too.
    return Study(
      patient: patient, key: key, id: id, sections: sections.filter { !$0.isMissing }, hasReport: !sections.isEmpty)
  }
}
