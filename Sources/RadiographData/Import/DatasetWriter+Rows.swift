import GRDB
import ImageFiles

extension DatasetWriter {
  /// Reasons that a commit decides on; those of the listing stay as they are.
  static let decidedAtImport: Set<ImportExclusion.Reason> = [
    .unreadable, .duplicate, .nearDuplicate, .missingImage, .nonFrontal, .noText,
  ]

  /// Pixels first, then, in one transaction, everything that points to them.
  func commit(_ batch: [DecodedEntry]) throws -> DatasetImport.Summary {
    var slots: [String: Int] = [:]
    var isDuplicate = [Bool](repeating: false, count: batch.count)
    var slot = nextSlot
    if batch.contains(where: { $0.image != nil }) {
      if neighbours == nil, settings.splitRule == .stratified { neighbours = try database.read(SplitNeighbours.init) }
      let stored = try storedSlots(of: batch)
      for (position, decoded) in batch.enumerated() {
        guard let image = decoded.image else { continue }
        if let known = slots[image.contentHash] ?? stored[image.contentHash] {
          slots[image.contentHash] = known
          isDuplicate[position] = true
        } else {
          try shards.write(image.pixels.pixels, slot: slot)
          slots[image.contentHash] = slot
          slot += 1
        }
      }
      try shards.synchronize()
    }

    let summary = try database.write { database in
      var summary = DatasetImport.Summary()
      let rows = try RowWriter(database, sourceID: sourceID, reports: reports)
      for (position, decoded) in batch.enumerated() {
        try rows.clearExclusions(of: decoded.entry.path)
        var exclusions = exclusions(of: decoded, isDuplicate: isDuplicate[position])
        if case .unreadable = decoded.content {
          try record(exclusions, in: database, summary: &summary)
          continue
        }
        let patient = try rows.patient(decoded.entry)
        var isEligible = decoded.entry.isEligible(settings.sections) && !isDuplicate[position]
        if isEligible, let hash = decoded.image?.fingerprint.perceptualHash,
          let other = neighbours?.nearest(to: hash, outside: patient.split)
        {
          isEligible = false
          let path = try String.fetchOne(
            database, sql: "SELECT path FROM images WHERE id = ?", arguments: [other.id])
          exclusions.append(
            ImportExclusion(
              path: decoded.entry.path, reason: .nearDuplicate,
              detail: "\(path ?? ""), \(other.distance) of 255 bits differ"))
        }
        let slot = decoded.image.flatMap { slots[$0.contentHash] }
        if let slot, let image = decoded.image, !isDuplicate[position] {
          try DatasetSchema.insert(image.fingerprint, slot: slot, in: database)
        }
        let image = try rows.insert(decoded, patient: patient, slot: slot, isEligible: isEligible)
        if isEligible, let hash = decoded.image?.fingerprint.perceptualHash {
          neighbours?.insert(hash, image: image, split: patient.split)
        }
        try record(exclusions, in: database, summary: &summary)
        if decoded.image != nil { summary.imported += 1 }
      }
      return summary
    }
    nextSlot = slot
    return summary
  }

  private func record(
    _ exclusions: [ImportExclusion], in database: Database, summary: inout DatasetImport.Summary
  ) throws {
    for exclusion in exclusions { try insert(exclusion, in: database) }
    summary.excluded += exclusions
  }

  private func exclusions(of decoded: DecodedEntry, isDuplicate: Bool) -> [ImportExclusion] {
    let path = decoded.entry.path
    var result: [ImportExclusion] = []
    switch decoded.content {
    case .unreadable(let detail): return [ImportExclusion(path: path, reason: .unreadable, detail: detail)]
    case .missing: result.append(ImportExclusion(path: path, reason: .missingImage))
    case .image(let image):
      if isDuplicate { result.append(ImportExclusion(path: path, reason: .duplicate, detail: image.contentHash)) }
    }
    if decoded.entry.attributes.view?.isFrontal == false {
      result.append(ImportExclusion(path: path, reason: .nonFrontal))
    }
    if !decoded.entry.hasText(settings.sections) { result.append(ImportExclusion(path: path, reason: .noText)) }
    return result
  }

  func insert(_ exclusion: ImportExclusion, in database: Database) throws {
    try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO exclusions (source_id, path, reason, detail) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [sourceID, exclusion.path, exclusion.reason.rawValue, exclusion.detail])
  }

  /// Slots of the batch's files that were stored before, by their hash.
  private func storedSlots(of batch: [DecodedEntry]) throws -> [String: Int] {
    try database.read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT slot FROM images WHERE sha256 = ? AND slot IS NOT NULL ORDER BY id LIMIT 1")
      var result: [String: Int] = [:]
      for case let image? in batch.map(\.image) {
        result[image.contentHash] = try Int.fetchOne(statement, arguments: [image.contentHash])
      }
      return result
    }
  }
}

/// The rows of one transaction, by statements that are prepared once.
///
/// Images of one study usually follow each other: the last patient and study are remembered.
private final class RowWriter {
  struct Patient {
    var id: Int64
    var key: String
    var split: DatasetSplit
  }

  private let database: Database
  private let sourceID: Int64
  private let reports: ReportReader
  private let insertStudy: Statement
  private let findStudy: Statement
  private let insertSection: Statement
  private let insertImage: Statement
  private let updateImage: Statement
  private let findImage: Statement
  private let insertLabel: Statement
  private let deleteExclusions: Statement
  private let findPatient: Statement
  private var lastPatient: Patient?
  private var lastStudy: (patient: Int64, key: String, sections: [TextSection], id: Int64)?

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
    insertSection = try database.cachedStatement(
      sql: "INSERT INTO sections (study_id, position, name, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    insertImage = try database.cachedStatement(
      sql: """
        INSERT INTO images (study_id, source_id, path, view, frontal, eligible, width, height, sha256, slot)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    updateImage = try database.cachedStatement(
      sql: """
        UPDATE images SET eligible = ?, width = ?, height = ?, sha256 = ?, slot = ? WHERE source_id = ? AND path = ?
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
    guard let row = try Row.fetchOne(findPatient, arguments: [sourceID, entry.patient]),
      let split = DatasetSplit(rawValue: try row.value(1))
    else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "patient \(entry.patient) has no split") }
    let patient = Patient(id: try row.value(0), key: entry.patient, split: split)
    lastPatient = patient
    return patient
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
        isEligible, image?.width, image?.height, image?.contentHash, slot, sourceID, entry.path,
      ])
      id = try Int64.fetchOne(findImage, arguments: [sourceID, entry.path]) ?? 0
    }
    for (name, state) in attributes.labels.sorted(by: { $0.key < $1.key }) {
      try insertLabel.execute(arguments: [id, name, state.rawValue])
    }
    return id
  }

  private func study(_ entry: ImportEntry, patient: Int64) throws -> Int64 {
    if let lastStudy, lastStudy.patient == patient, lastStudy.key == entry.study, lastStudy.sections == entry.sections {
      return lastStudy.id
    }
    let attributes = entry.attributes
    try insertStudy.execute(arguments: [
      patient, entry.study, attributes.age?.lower, attributes.age?.upper, attributes.sex?.rawValue,
    ])
    let isNew = database.changesCount > 0
    let id =
      isNew ? database.lastInsertedRowID : try Int64.fetchOne(findStudy, arguments: [patient, entry.study]) ?? 0
    for (position, section) in entry.sections.enumerated() {
      try insertSection.execute(arguments: [id, position, section.name, section.text])
    }
    if isNew {
      for finding in reports.findings(in: entry.sections) {
        try DatasetSchema.insert(finding, study: id, in: database)
      }
    }
    lastStudy = (patient, entry.study, entry.sections, id)
    return id
  }
}

/// The perceptual hashes of a dataset's eligible images, each with its split.
struct SplitNeighbours {
  private var index = NearDuplicateIndex()
  private var images: [Int64] = []
  private var splits: [DatasetSplit] = []

  init(_ database: Database) throws {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT images.id, perceptual_hash, split FROM images JOIN pixels ON pixels.slot = images.slot
        JOIN studies ON studies.id = study_id JOIN patients ON patients.id = patient_id
        WHERE eligible AND perceptual_hash IS NOT NULL ORDER BY images.id
        """)
    while let row = try rows.next() {
      guard let hash = PerceptualHash(bytes: try row.value(1)), let split = DatasetSplit(rawValue: try row.value(2))
      else { continue }
      insert(hash, image: try row.value(0), split: split)
    }
  }

  mutating func insert(_ hash: PerceptualHash, image: Int64, split: DatasetSplit) {
    index.insert(hash, id: images.count)
    images.append(image)
    splits.append(split)
  }

  /// The most alike image that is in another split.
  func nearest(to hash: PerceptualHash, outside split: DatasetSplit) -> (id: Int64, distance: Int)? {
    index.nearest(to: hash) { splits[$0] != split }.map { (images[$0.id], $0.distance) }
  }
}
