import Crypto
import Dispatch
import Foundation
import GRDB
import Support
import Synchronization

/// What a check of every byte of a dataset found.
public struct DatasetVerification: Sendable, Equatable, Encodable {
  /// A stored image whose pixels are not those that were imported.
  public struct DamagedImage: Sendable, Equatable, Encodable {
    /// Where it lies in the shards, counted in images.
    public var slot: Int
    /// Of the images that show it, below their sources' folders.
    public var paths: [String]
  }

  /// Stored images whose checksum was compared.
  public var checkedImages = 0
  public var damagedImages: [DamagedImage] = []
  /// What is wrong with the index, one line each.
  public var damagedIndex: [String] = []
  /// SHA-256 of every row of every table and every stored image, in lower-case hexadecimal: equal for datasets that
  /// hold the same, however they were made. nil for version 1.
  public var digest: String?
  /// What could not be checked, and what to do about it.
  public var notes: [String] = []

  private enum CodingKeys: String, CodingKey {
    case digest, notes
    case checkedImages = "checked_images"
    case damagedImages = "damaged_images"
    case damagedIndex = "damaged_index"
  }

  public var isSound: Bool { damagedImages.isEmpty && damagedIndex.isEmpty }
}

extension RadiographDataset {
  /// Reads everything and compares it with the checksums that the import stored.
  ///
  /// Pixels are held to a SHA-256 of every image, the index to that of its file, SQLite's own check and its references.
  ///
  /// - Throws: `DatasetError` if the index cannot be read at all.
  public func verify() throws(DatasetError) -> DatasetVerification {
    do {
      let folder = DatasetFolder(url: url)
      var result = DatasetVerification()
      try checkIndex(folder, into: &result)
      let hasChecksums = try database.read { try $0.tableExists("pixels") }
      if hasChecksums {
        try checkPixels(into: &result)
        result.digest = try database.read(Self.digest)
      } else {
        result.notes.append("a dataset of version 1 has no checksums: give its import command again to add them")
      }
      return result
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  private func checkIndex(_ folder: DatasetFolder, into result: inout DatasetVerification) throws {
    if let stored = try? String(contentsOf: folder.indexDigest, encoding: .utf8) {
      if try folder.digestOfIndex() != stored.trimmingCharacters(in: .whitespacesAndNewlines) {
        result.damagedIndex.append("index.sqlite differs from what index.sha256 says of it")
      }
    } else {
      result.notes.append("no index.sha256: an import was interrupted, give its command again")
    }
    try database.read { database in
      let report = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
      if report != ["ok"] { result.damagedIndex += report.map { "SQLite: \($0)" } }
      for row in try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").prefix(20) {
        let table: String = try row.value(0)
        let parent: String = try row.value(2)
        result.damagedIndex.append("a row of \(table) refers to a missing row of \(parent)")
      }
      let lost = try Int.fetchOne(
        database,
        sql: "SELECT COUNT(*) FROM images WHERE slot IS NOT NULL AND (slot < 0 OR slot >= ?)",
        arguments: [storedImageCount])
      if let lost, lost > 0 { result.damagedIndex.append("\(lost) images have pixels outside of the shards") }
    }
  }

  /// Values with their type and length, row by row in the order of the keys. The table `pixels` has the hashes of the shards.
  private static func digest(_ database: Database) throws -> String {
    var hash = SHA256()
    let tables = [
      "settings": "key", "sources": "id", "patients": "id", "studies": "id", "images": "id",
      "labels": "image_id, name", "sections": "study_id, position", "exclusions": "source_id, path, reason",
      "pixels": "slot",
    ]
    for (table, key) in tables.sorted(by: { $0.key < $1.key }) {
      hash.update(data: Data("table \(table)\n".utf8))
      let rows = try Row.fetchCursor(database, sql: "SELECT * FROM \(table) ORDER BY \(key)")
      while let row = try rows.next() {
        for value in row.databaseValues {
          switch value.storage {
          case .null: hash.update(data: Data("n".utf8))
          case .int64(let number): hash.update(data: Data("i\(number),".utf8))
          case .double(let number): hash.update(data: Data("d\(number.bitPattern),".utf8))
          case .string(let text): hash.update(data: Data("s\(text.utf8.count),\(text)".utf8))
          case .blob(let data): hash.update(data: Data("b\(data.count),".utf8) + data)
          }
        }
      }
    }
    return hash.finalize().hexadecimal
  }

  private func checkPixels(into result: inout DatasetVerification) throws {
    // Slots and checksums in parts: the whole would not be small for a large dataset.
    let part = 4096
    var damaged: [Int] = []
    for start in stride(from: 0, to: storedImageCount, by: part) {
      let end = min(start + part, storedImageCount)
      let checksums = try database.read { database in
        try Row.fetchAll(
          database, sql: "SELECT slot, sha256 FROM pixels WHERE slot >= ? AND slot < ?", arguments: [start, end]
        ).map { row -> (slot: Int, sha256: Data) in (try row.value(0), try row.value(1)) }
      }
      let known = Set(checksums.map(\.slot))
      damaged += (start..<end).filter { !known.contains($0) }
      let found = Mutex<[Int]>([])
      DispatchQueue.concurrentPerform(iterations: checksums.count) { index in
        let (slot, sha256) = checksums[index]
        if Data(SHA256.hash(bufferPointer: UnsafeRawBufferPointer(shards[slot]))) != sha256 {
          found.withLock { $0.append(slot) }
        }
      }
      damaged += found.withLock { $0 }
      result.checkedImages += checksums.count
    }
    guard !damaged.isEmpty else { return }
    result.damagedImages = try database.read { database in
      try damaged.sorted().map { slot in
        DatasetVerification.DamagedImage(
          slot: slot,
          paths: try String.fetchAll(
            database, sql: "SELECT path FROM images WHERE slot = ? ORDER BY id", arguments: [slot]))
      }
    }
  }
}
