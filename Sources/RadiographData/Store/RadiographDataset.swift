import Foundation
import GRDB
import ImageFiles

/// A dataset of radiographs, open for reading: an SQLite index, and pixels mapped into memory.
///
/// Any number of readers may have it open, also while an import adds to it; a reader sees what was there when it
/// opened the dataset.
public final class RadiographDataset: Sendable {
  public let url: URL
  public let settings: DatasetSettings
  /// Images with pixels of their own, in the shards.
  public let storedImageCount: Int

  let database: DatabaseQueue
  let shards: MappedShards

  /// Width and height of every image, in pixels.
  public var imageSize: Int { settings.imageSize }

  private init(
    url: URL, settings: DatasetSettings, storedImageCount: Int, database: DatabaseQueue, shards: MappedShards
  ) {
    self.url = url
    self.settings = settings
    self.storedImageCount = storedImageCount
    self.database = database
    self.shards = shards
  }

  /// Opens the dataset in a folder.
  ///
  /// - Throws: `DatasetError` if there is none, it is damaged, or of a later version.
  public static func open(_ url: URL) throws(DatasetError) -> RadiographDataset {
    let folder = DatasetFolder(url: url)
    guard folder.hasIndex else { throw .notADataset(path: url.path) }
    do {
      do {
        return try openForReading(folder)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
        try rollBackInterruptedImport(folder)
        return try openForReading(folder)
      }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  private static func openForReading(_ folder: DatasetFolder) throws -> RadiographDataset {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    let database = try DatabaseQueue(path: folder.index.path, configuration: configuration)
    let (settings, count) = try database.read { database in
      try folder.checkVersion(in: database)
      // Version 1 has no table of slots: the images are looked through.
      let table = try folder.version(in: database) == 1 ? "images" : "pixels"
      return (
        try folder.fetchSettings(from: database),
        try Int.fetchOne(database, sql: "SELECT IFNULL(MAX(slot) + 1, 0) FROM \(table)") ?? 0
      )
    }
    let shards = try MappedShards(folder: folder, settings: settings, imageCount: count)
    return RadiographDataset(
      url: folder.url, settings: settings, storedImageCount: count, database: database, shards: shards)
  }

  /// A kill in the middle of a commit leaves SQLite's journal behind. A reader cannot apply it; opening the index for
  /// writing once does.
  private static func rollBackInterruptedImport(_ folder: DatasetFolder) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    let database = try DatabaseQueue(path: folder.index.path, configuration: configuration)
    try database.read { try folder.checkVersion(in: $0) }
    try database.close()
  }

  /// Calls `body` with an image's `imageSize * imageSize` grey values, row by row, as they lie in the mapped file.
  /// The pointer must not outlive the call.
  ///
  /// - Throws: `DatasetError.noPixels` if the record has none here; what `body` throws.
  public func withPixels<Result>(
    of record: RadiographRecord, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result {
    guard let slot = record.slot, (0..<storedImageCount).contains(slot) else {
      throw DatasetError.noPixels(key: record.path)
    }
    return try withExtendedLifetime(shards) { try body(shards[slot]) }
  }

  /// A copy of an image's grey values, row by row.
  ///
  /// - Throws: `DatasetError.noPixels`.
  public func pixels(of record: RadiographRecord) throws -> [UInt8] {
    try withPixels(of: record) { Array($0) }
  }

  /// An image of `imageSize * imageSize` grey values.
  ///
  /// - Throws: `DatasetError.noPixels`.
  public func image(of record: RadiographRecord) throws -> GrayscaleImage {
    try GrayscaleImage(width: imageSize, height: imageSize, pixels: pixels(of: record))
  }
}
