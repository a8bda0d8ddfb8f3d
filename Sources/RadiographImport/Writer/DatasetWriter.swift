import Foundation
import GRDB
import ImageFiles
import RadiographData
import Support

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The one writer of a dataset: holds its lock, decides where patients go, appends pixels, then commits their rows.
final class DatasetWriter {
  let settings: DatasetSettings
  let folder: DatasetFolder
  let database: DatabaseQueue
  let source: ImportSource
  let sourceID: Int64
  let shards: ShardWriter
  let reports: ReportReader
  var nextSlot: Int
  /// What was not there before this writer.
  let made: DatasetImport.Summary.Made
  /// Hashes of the eligible images, once an image was committed.
  var neighbours: SplitNeighbours?

  private let lock: Int32

  /// Opens the dataset in a folder, or makes one in a folder that is new or empty.
  init(folder url: URL, source: ImportSource, options: DatasetImport.Options) throws(DatasetError) {
    let folder = DatasetFolder(url: url)
    made = folder.hasIndex ? .nothing : FileManager.default.fileExists(atPath: url.path) ? .dataset : .folder
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .cannotCreate(path: url.path, reason: error.localizedDescription)
    }
    let hadLock = FileManager.default.fileExists(atPath: folder.lock.path)
    do {
      lock = try Self.acquireLock(folder)
    } catch {
      // Only a folder that is empty goes.
      if made == .folder { rmdir(url.path) }
      throw error
    }
    do {
      if !folder.hasIndex, try !folder.isVacant() { throw DatasetError.outputIsNotOurs(path: url.path) }
      var configuration = Configuration()
      configuration.busyMode = .timeout(30)
      // 64 MiB: a transaction of a large index stays in memory until it is committed.
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -65536") }
      let database = try DatabaseQueue(path: folder.index.path, configuration: configuration)
      let reports = try ReportReader()
      let settings = try database.write { try Self.prepare(folder, options: options, reports: reports, in: $0) }
      try database.read { database in
        try Self.checkKind(of: source, path: url.path, in: database)
        try Self.checkName(of: source, in: database)
      }
      if FileManager.default.fileExists(atPath: folder.indexDigest.path) {
        try FileManager.default.removeItem(at: folder.indexDigest)
      }
      sourceID = try database.write { try Self.identify(source, in: $0) }
      nextSlot = try database.read {
        try Int.fetchOne($0, sql: "SELECT IFNULL(MAX(slot) + 1, 0) FROM pixels") ?? 0
      }
      shards = ShardWriter(folder: folder, settings: settings)
      self.reports = reports
      self.settings = settings
      self.folder = folder
      self.database = database
      self.source = source
    } catch {
      if !hadLock { try? FileManager.default.removeItem(at: folder.lock) }
      if made != .nothing, (try? folder.isVacant()) == true { folder.remove(withFolder: made == .folder) }
      close(lock)
      throw .wrapping(error, path: url.path)
    }
  }

  deinit {
    close(lock)
  }

  /// Removes a dataset that this has made and that holds nothing of its source yet; one that was there stays.
  func discardIfNew() {
    guard made != .nothing else { return }
    try? database.close()
    folder.remove(withFolder: made == .folder)
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
    _ folder: DatasetFolder, options: DatasetImport.Options, reports: ReportReader, in database: Database
  ) throws -> DatasetSettings {
    if try folder.version(in: database) != 0 {
      try folder.checkVersion(in: database)
      let stored = try folder.fetchSettings(from: database)
      try options.check(against: stored)
      if try folder.version(in: database) < DatasetSchema.version {
        try migrate(folder, settings: stored, reports: reports, in: database)
      }
      try database.execute(sql: DatasetSchema.imageFindings)
      return stored
    }
    guard try !database.tableExists("sqlite_sequence"), try database.tableExists("images") == false else {
      throw DatasetError.outputIsNotOurs(path: folder.path)
    }
    let settings = options.settings()
    try DatasetSchema.create(in: database)
    try folder.storeSettings(settings, in: database)
    return settings
  }

  private static func migrate(
    _ folder: DatasetFolder, settings: DatasetSettings, reports: ReportReader, in database: Database
  ) throws {
    let count = try Int.fetchOne(database, sql: "SELECT IFNULL(MAX(slot) + 1, 0) FROM images") ?? 0
    let shards = try MappedShards(folder: folder, settings: settings, imageCount: count)
    try DatasetSchema.migrate(in: database, reports: reports) {
      PixelFingerprint(shards[$0], size: settings.imageSize)
    }
    try folder.storeSettings(settings, in: database)
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

  /// The images of this source that the index has, and whether each has pixels.
  func knownPaths() throws -> [ExactName: Bool] {
    try database.read { database in
      let rows = try Row.fetchCursor(
        database, sql: "SELECT path, slot IS NOT NULL FROM images WHERE source_id = ?", arguments: [sourceID])
      var result: [ExactName: Bool] = [:]
      while let row = try rows.next() { result[ExactName(try row.value(0))] = try row.value(1) }
      return result
    }
  }

  /// What earlier imports said about images that are in the index.
  func exclusions(of known: [ExactName: Bool]) throws -> [ImportExclusion] {
    if known.isEmpty { return [] }
    return try database.read { database in
      let rows = try Row.fetchCursor(
        database, sql: "SELECT path, reason, detail FROM exclusions WHERE source_id = ? ORDER BY path, reason",
        arguments: [sourceID])
      var result: [ImportExclusion] = []
      while let row = try rows.next() {
        let path: String = try row.value(0)
        guard known[ExactName(path)] != nil, let reason = ImportExclusion.Reason(rawValue: try row.value(1)),
          Self.decidedAtImport.contains(reason)
        else { continue }
        result.append(ImportExclusion(path: path, reason: reason, detail: try row.value(2)))
      }
      return result
    }
  }

  /// Cuts off what an interrupted import left behind the last image, and seals the index with its digest.
  func finish() throws {
    try shards.truncate(imageCount: nextSlot)
    try AtomicFile.write(Array((try folder.digestOfIndex() + "\n").utf8), to: folder.indexDigest.path)
  }
}

extension DatasetImport.Options {
  /// The settings of a new dataset.
  func settings() -> DatasetSettings {
    var settings = DatasetSettings()
    settings.imageSize = imageSize ?? settings.imageSize
    settings.fit = fit ?? settings.fit
    settings.preprocessing.resampling = resampling ?? settings.preprocessing.resampling
    settings.preprocessing.intensity = intensity ?? settings.preprocessing.intensity
    settings.preprocessing.clahe = clahe
    settings.split = split ?? settings.split
    settings.splitRule = splitRule ?? settings.splitRule
    settings.seed = seed ?? settings.seed
    settings.sections = sections ?? settings.sections
    return settings
  }

  /// - Throws: `DatasetError.settingMismatch` if the options ask for something else than the dataset has.
  func check(against stored: DatasetSettings) throws(DatasetError) {
    func check<Value: Equatable>(_ name: String, _ stored: Value, _ given: Value?) throws(DatasetError) {
      guard let given, given != stored else { return }
      throw .settingMismatch(name: name, stored: "\(stored)", given: "\(given)")
    }
    let preprocessing = stored.preprocessing
    try check("--size", stored.imageSize, imageSize)
    try check("--fit", stored.fit.rawValue, fit?.rawValue)
    try check("--resampling", preprocessing.resampling.rawValue, resampling?.rawValue)
    try check("--intensity", preprocessing.intensity.rawValue, intensity?.rawValue)
    try check("--clahe", preprocessing.clahe?.rawValue ?? "off", clahe?.rawValue)
    try check("--split", stored.split.description, split?.description)
    try check("--split-by", stored.splitRule.rawValue, splitRule?.rawValue)
    try check("--seed", stored.seed, seed)
    try check("--sections", stored.sections, sections)
  }
}
