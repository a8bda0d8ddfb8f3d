import Foundation
import GRDB
import ImageFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The one writer of a dataset: holds its lock, appends pixels, then commits their rows.
final class DatasetWriter {
  let settings: DatasetSettings

  private let lock: Int32
  private let database: DatabaseQueue
  private let source: ImportSource
  private let sourceID: Int64
  private let assignment: SplitAssignment
  private let shards: ShardWriter
  private var nextSlot: Int

  struct KnownImage {
    let hasPixels: Bool
  }

  /// Opens the dataset in a folder, or makes one in a folder that is new or empty.
  init(folder url: URL, source: ImportSource, options: DatasetImport.Options) throws(DatasetError) {
    let folder = DatasetFolder(url: url)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .cannotCreate(path: url.path, reason: error.localizedDescription)
    }
    let hadLock = FileManager.default.fileExists(atPath: folder.lock.path)
    lock = try Self.acquireLock(folder)
    do {
      if !folder.hasIndex, try !folder.isVacant() { throw DatasetError.outputIsNotOurs(path: url.path) }
      var configuration = Configuration()
      configuration.busyMode = .timeout(30)
      let database = try DatabaseQueue(path: folder.index.path, configuration: configuration)
      settings = try database.write { try Self.prepare(folder, options: options, in: $0) }
      assignment = SplitAssignment(fractions: settings.split, seed: settings.seed)
      sourceID = try database.write { try Self.identify(source, in: $0) }
      nextSlot = try database.read {
        try Int.fetchOne($0, sql: "SELECT IFNULL(MAX(slot) + 1, 0) FROM images") ?? 0
      }
      shards = ShardWriter(folder: folder, settings: settings)
      self.database = database
      self.source = source
    } catch {
      if !hadLock { try? FileManager.default.removeItem(at: folder.lock) }
      close(lock)
      throw .wrapping(error, path: url.path)
    }
  }

  deinit {
    close(lock)
  }

  private static func acquireLock(_ folder: DatasetFolder) throws(DatasetError) -> Int32 {
    // A folder of someone else's must not even gain a lock file.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    if !names.isEmpty, !folder.hasIndex, (try? folder.isVacant()) != true {
      throw .outputIsNotOurs(path: folder.path)
    }
    let descriptor = open(folder.lock.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotCreate(path: folder.path, reason: String(cString: strerror(errno))) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .busy(path: folder.path)
    }
    return descriptor
  }

  private static func prepare(
    _ folder: DatasetFolder, options: DatasetImport.Options, in database: Database
  ) throws -> DatasetSettings {
    if try Int.fetchOne(database, sql: "PRAGMA user_version") != 0 {
      try folder.checkVersion(in: database)
      let stored = try folder.fetchSettings(from: database)
      func check<Value: Equatable>(_ name: String, _ stored: Value, _ given: Value?) throws {
        guard let given, given != stored else { return }
        throw DatasetError.settingMismatch(name: name, stored: "\(stored)", given: "\(given)")
      }
      try check("--size", stored.imageSize, options.imageSize)
      try check("--fit", stored.fit.rawValue, options.fit?.rawValue)
      try check("--split", stored.split.description, options.split?.description)
      try check("--seed", stored.seed, options.seed)
      try check("--sections", stored.sections, options.sections)
      return stored
    }
    guard try !database.tableExists("sqlite_sequence"), try database.tableExists("images") == false else {
      throw DatasetError.outputIsNotOurs(path: folder.path)
    }
    var settings = DatasetSettings()
    settings.imageSize = options.imageSize ?? settings.imageSize
    settings.fit = options.fit ?? settings.fit
    settings.split = options.split ?? settings.split
    settings.seed = options.seed ?? settings.seed
    settings.sections = options.sections ?? settings.sections
    try DatasetSchema.create(in: database)
    try folder.storeSettings(settings, in: database)
    return settings
  }

  private static func identify(_ source: ImportSource, in database: Database) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO sources (name, kind, licence, attribution, vocabulary) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (name) DO NOTHING
        """,
      arguments: [
        source.name, source.kind, source.licence, source.attribution, source.vocabulary.joined(separator: "|"),
      ])
    return try Int64.fetchOne(database, sql: "SELECT id FROM sources WHERE name = ?", arguments: [source.name]) ?? 0
  }

  /// The images of this source that the index has.
  func knownPaths() throws -> [String: KnownImage] {
    try database.read { database in
      let rows = try Row.fetchCursor(
        database, sql: "SELECT path, slot IS NOT NULL FROM images WHERE source_id = ?", arguments: [sourceID])
      var result: [String: KnownImage] = [:]
      while let row = try rows.next() { result[row[0]] = KnownImage(hasPixels: row[1]) }
      return result
    }
  }

  /// What earlier imports said about images that are in the index.
  func exclusions(ofPaths paths: some Sequence<String>) throws -> [ImportExclusion] {
    let wanted = Set(paths)
    return try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT path, reason, detail FROM exclusions WHERE source_id = ? ORDER BY path, reason",
        arguments: [sourceID]
      ).compactMap { row in
        let path: String = row[0]
        guard wanted.contains(path), let reason = ImportExclusion.Reason(rawValue: row[1]) else { return nil }
        return ImportExclusion(path: path, reason: reason, detail: row[2])
      }
    }
  }

  func record(_ exclusions: [ImportExclusion]) throws {
    try database.write { database in
      for exclusion in exclusions { try insert(exclusion, in: database) }
    }
  }

  /// Pixels first, then, in one transaction, everything that points to them.
  func commit(_ batch: [DecodedEntry]) throws -> DatasetImport.Summary {
    var summary = DatasetImport.Summary()
    var slots: [String: Int] = [:]
    var duplicates: Set<String> = []
    var slot = nextSlot
    for decoded in batch {
      guard case .image(let image, _, _, let hash) = decoded.content else { continue }
      if let stored = try slots[hash] ?? storedSlot(of: hash) {
        slots[hash] = stored
        duplicates.insert(decoded.entry.path)
      } else {
        try shards.write(image.pixels, slot: slot)
        slots[hash] = slot
        slot += 1
      }
    }
    try shards.synchronize()

    try database.write { database in
      for decoded in batch {
        try database.execute(
          sql: "DELETE FROM exclusions WHERE source_id = ? AND path = ?", arguments: [sourceID, decoded.entry.path])
        for exclusion in exclusions(of: decoded, isDuplicate: duplicates.contains(decoded.entry.path)) {
          try insert(exclusion, in: database)
          summary.excluded.append(exclusion)
        }
        if case .unreadable = decoded.content { continue }
        try insert(decoded, slots: slots, isDuplicate: duplicates.contains(decoded.entry.path), in: database)
        if case .image = decoded.content { summary.imported += 1 }
      }
    }
    nextSlot = slot
    return summary
  }

  /// Cuts off what an interrupted import left behind the last image.
  func finish() throws { try shards.truncate(imageCount: nextSlot) }

  // MARK: - Rows

  private func exclusions(of decoded: DecodedEntry, isDuplicate: Bool) -> [ImportExclusion] {
    let path = decoded.entry.path
    var result: [ImportExclusion] = []
    switch decoded.content {
    case .unreadable(let detail): return [ImportExclusion(path: path, reason: .unreadable, detail: detail)]
    case .missing: result.append(ImportExclusion(path: path, reason: .missingImage))
    case .image(_, _, _, let hash):
      if isDuplicate { result.append(ImportExclusion(path: path, reason: .duplicate, detail: hash)) }
    }
    if decoded.entry.attributes.view?.isFrontal == false {
      result.append(ImportExclusion(path: path, reason: .nonFrontal))
    }
    if !decoded.entry.hasText(settings.sections) { result.append(ImportExclusion(path: path, reason: .noText)) }
    return result
  }

  private func insert(_ exclusion: ImportExclusion, in database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO exclusions (source_id, path, reason, detail) VALUES (?, ?, ?, ?)",
      arguments: [sourceID, exclusion.path, exclusion.reason.rawValue, exclusion.detail])
  }

  private func insert(
    _ decoded: DecodedEntry, slots: [String: Int], isDuplicate: Bool, in database: Database
  ) throws {
    let entry = decoded.entry
    let attributes = entry.attributes
    try database.execute(
      sql: "INSERT INTO patients (source_id, key, split) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      arguments: [
        sourceID, entry.patient, assignment.split(of: "\(source.name)/\(entry.patient)").rawValue,
      ])
    let patientID = try Int64.fetchOne(
      database, sql: "SELECT id FROM patients WHERE source_id = ? AND key = ?", arguments: [sourceID, entry.patient])
    try database.execute(
      sql: """
        INSERT INTO studies (patient_id, key, age_lower, age_upper, sex) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
      arguments: [
        patientID, entry.study, attributes.age?.lower, attributes.age?.upper, attributes.sex?.rawValue,
      ])
    let studyID = try Int64.fetchOne(
      database, sql: "SELECT id FROM studies WHERE patient_id = ? AND key = ?", arguments: [patientID, entry.study])
    for (position, section) in entry.sections.enumerated() {
      try database.execute(
        sql: "INSERT INTO sections (study_id, position, name, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [studyID, position, section.name, section.text])
    }

    var size: (width: Int, height: Int)?
    var hash: String?
    if case .image(_, let width, let height, let contentHash) = decoded.content {
      size = (width, height)
      hash = contentHash
    }
    let frontal = attributes.view?.isFrontal ?? true
    // An image that was listed before without pixels keeps its row and gains them.
    try database.execute(
      sql: """
        INSERT INTO images (study_id, source_id, path, view, frontal, eligible, width, height, sha256, slot)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (source_id, path) DO UPDATE SET eligible = excluded.eligible, width = excluded.width,
          height = excluded.height, sha256 = excluded.sha256, slot = excluded.slot
        """,
      arguments: [
        studyID, sourceID, entry.path, attributes.view?.rawValue, frontal,
        frontal && !isDuplicate && entry.hasText(settings.sections), size?.width, size?.height, hash,
        hash.flatMap { slots[$0] },
      ])
    let imageID = try Int64.fetchOne(
      database, sql: "SELECT id FROM images WHERE source_id = ? AND path = ?", arguments: [sourceID, entry.path])
    for (name, state) in attributes.labels.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: "INSERT OR REPLACE INTO labels (image_id, name, state) VALUES (?, ?, ?)",
        arguments: [imageID, name, state.rawValue])
    }
  }

  private func storedSlot(of hash: String) throws -> Int? {
    try database.read {
      try Int.fetchOne(
        $0, sql: "SELECT slot FROM images WHERE sha256 = ? AND slot IS NOT NULL ORDER BY id LIMIT 1", arguments: [hash])
    }
  }
}

extension ImportEntry {
  /// Whether there is something to train text on: a caption, a report with all of `wanted`, or, without either, a
  /// finding that a prompt can name.
  fileprivate func hasText(_ wanted: [String]) -> Bool {
    guard !sections.isEmpty else { return !attributes.positives.isEmpty }
    let names = Set(sections.map(\.name))
    return names.contains("caption") || names.isSuperset(of: wanted)
  }
}
