import Foundation
import GRDB
import ImageFiles

/// The names of a dataset's files, and the settings that its index holds.
struct DatasetFolder: Sendable {
  let url: URL

  var path: String { url.path }
  var index: URL { url.appendingPathComponent("index.sqlite") }
  var lock: URL { url.appendingPathComponent("import.lock") }

  func shard(_ number: Int) -> URL {
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 5 - digits.count))
    return url.appendingPathComponent("pixels-\(zeros)\(digits).u8")
  }

  /// Whether the folder may become a dataset: empty, or holding nothing but what an interrupted import leaves.
  func isVacant() throws -> Bool {
    let ours = [index.lastPathComponent, index.lastPathComponent + "-journal", lock.lastPathComponent]
    return try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { ours.contains($0) }
  }

  /// Whether the index is there and holds at least its first transaction.
  var hasIndex: Bool {
    let size = try? FileManager.default.attributesOfItem(atPath: index.path)[.size] as? Int
    return (size ?? 0) > 0
  }

  func checkVersion(in database: Database) throws {
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version <= DatasetSchema.version else {
      throw DatasetError.laterVersion(path: path, version: version, supported: DatasetSchema.version)
    }
    guard version > 0 else { throw DatasetError.notADataset(path: path) }
  }

  func storeSettings(_ settings: DatasetSettings, in database: Database) throws {
    let values = [
      "fit": settings.fit.rawValue, "image_size": "\(settings.imageSize)",
      "images_per_shard": "\(settings.imagesPerShard)", "intensity": "min-max to 0...255 after resampling",
      "resampling": "bilinear, antialiased",
      "sections": settings.sections.joined(separator: "+"), "seed": "\(settings.seed)",
      "split": "\(settings.split.train)/\(settings.split.validation)/\(settings.split.test)",
    ]
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      try database.execute(sql: "INSERT INTO settings (key, value) VALUES (?, ?)", arguments: [key, value])
    }
  }

  func fetchSettings(from database: Database) throws -> DatasetSettings {
    let rows = try Row.fetchAll(database, sql: "SELECT key, value FROM settings")
    let values = Dictionary(uniqueKeysWithValues: rows.map { row -> (String, String) in (row["key"], row["value"]) })
    func value<T>(_ key: String, _ convert: (String) throws -> T?) throws -> T {
      guard let text = values[key], let value = try convert(text) else {
        throw DatasetError.damaged(path: path, reason: "setting \(key) is \(values[key] ?? "missing")")
      }
      return value
    }
    return DatasetSettings(
      imageSize: try value("image_size") { Int($0).flatMap { DatasetSettings.imageSizes.contains($0) ? $0 : nil } },
      fit: try value("fit", SquareFit.init(rawValue:)), split: try value("split") { try SplitFractions($0) },
      seed: try value("seed") { UInt64($0) },
      sections: try value("sections") { $0.split(separator: "+").map(String.init) })
  }
}

extension DatasetError {
  /// SQLite's errors in our words.
  static func wrapping(_ error: any Error, path: String) -> DatasetError {
    switch error {
    case let error as DatasetError: error
    case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB || error.resultCode == .SQLITE_CORRUPT:
      .damaged(path: path, reason: error.message ?? "not an SQLite file")
    case let error as DatabaseError where error.resultCode == .SQLITE_BUSY: .busy(path: path)
    case let error as DatabaseError where error.resultCode == .SQLITE_ERROR:
      .damaged(path: path, reason: error.message ?? "SQLite error")
    case let error as DatabaseError: .inputOutput(path: path, reason: error.message ?? "\(error.resultCode)")
    default: .inputOutput(path: path, reason: error.localizedDescription)
    }
  }
}
