import Foundation
import GRDB
import ImageFiles
import Support

/// The names of a dataset's files, and the settings that its index holds.
package struct DatasetFolder: Sendable {
  package let url: URL

  package init(url: URL) { self.url = url }

  package var path: String { url.path }
  package var index: URL { url.appendingPathComponent("index.sqlite") }
  package var lock: URL { url.appendingPathComponent("import.lock") }
  /// SHA-256 of the index's file, written when an import ends and removed when one begins.
  package var indexDigest: URL { url.appendingPathComponent("index.sha256") }

  package func shard(_ number: Int) -> URL {
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 5 - digits.count))
    return url.appendingPathComponent("pixels-\(zeros)\(digits).u8")
  }

  /// Whether the folder may become a dataset: empty, or holding nothing but what an interrupted import leaves.
  package func isVacant() throws -> Bool {
    let ours = [index.lastPathComponent, index.lastPathComponent + "-journal", lock.lastPathComponent]
    return try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { ours.contains($0) }
  }

  /// Removes a dataset's files.
  ///
  /// - Parameter withFolder: whether the folder goes too, if nothing else is in it.
  package func remove(withFolder: Bool) {
    let journal = url.appendingPathComponent(index.lastPathComponent + "-journal")
    for file in [index, journal, indexDigest, lock] { try? FileManager.default.removeItem(at: file) }
    var number = 0
    while (try? FileManager.default.removeItem(at: shard(number))) != nil { number += 1 }
    if withFolder, let names = try? FileManager.default.contentsOfDirectory(atPath: path), names.isEmpty {
      try? FileManager.default.removeItem(at: url)
    }
  }

  /// Whether the index is there and holds at least its first transaction.
  package var hasIndex: Bool {
    let size = try? FileManager.default.attributesOfItem(atPath: index.path)[.size] as? Int
    return (size ?? 0) > 0
  }

  package func checkVersion(in database: Database) throws {
    let version = try version(in: database)
    guard version <= DatasetSchema.version else {
      throw DatasetError.laterVersion(path: path, version: version, supported: DatasetSchema.version)
    }
    guard version > 0 else { throw DatasetError.notADataset(path: path) }
  }

  package func version(in database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
  }

  package func storeSettings(_ settings: DatasetSettings, in database: Database) throws {
    let preprocessing = settings.preprocessing
    let values = [
      "clahe": preprocessing.clahe?.rawValue ?? "off", "fit": preprocessing.fit.rawValue,
      "image_size": "\(settings.imageSize)",
      "images_per_shard": "\(settings.imagesPerShard)", "intensity": preprocessing.intensity.rawValue,
      "resampling": preprocessing.resampling.rawValue, "sections": settings.sections.joined(separator: "+"),
      "seed": "\(settings.seed)",
      "split": "\(settings.split.train)/\(settings.split.validation)/\(settings.split.test)",
      "split_by": settings.splitRule.rawValue,
    ]
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", arguments: [key, value])
    }
  }

  package func fetchSettings(from database: Database) throws -> DatasetSettings {
    let rows = try Row.fetchAll(database, sql: "SELECT key, value FROM settings")
    var values: [String: String] = [:]
    for row in rows { values[try row.value("key")] = try row.value("value") }
    // Version 1 had no choice in these settings, and stored them as prose.
    if try version(in: database) == 1 {
      values.merge(Self.firstVersion) { $1 }
    }
    func value<T>(_ key: String, _ convert: (String) throws -> T?) throws -> T {
      guard let text = values[key], let value = try convert(text) else {
        throw DatasetError.damaged(path: path, reason: "setting \(key) is \(values[key] ?? "missing")")
      }
      return value
    }
    var settings = DatasetSettings(
      imageSize: try value("image_size") { Int($0).flatMap { DatasetSettings.imageSizes.contains($0) ? $0 : nil } },
      fit: try value("fit", SquareFit.init(rawValue:)), split: try value("split") { try? SplitFractions($0) },
      splitRule: try value("split_by", SplitRule.init(rawValue:)), seed: try value("seed") { UInt64($0) },
      sections: try value("sections") { $0.split(separator: "+").map(String.init) })
    settings.preprocessing.resampling = try value("resampling", Resampling.init(rawValue:))
    settings.preprocessing.intensity = try value("intensity", IntensityMapping.init(rawValue:))
    if values["clahe"] != "off" {
      settings.preprocessing.clahe = try value("clahe", ContrastLimitedEqualization.init(rawValue:))
    }
    return settings
  }

  private static let firstVersion = [
    "clahe": "off", "intensity": "min-max", "resampling": "bilinear", "split_by": SplitRule.hash.rawValue,
  ]

  /// SHA-256 of the index's file, in lower-case hexadecimal.
  ///
  /// - Throws: `FileAccessError` if it cannot be read.
  package func digestOfIndex() throws(FileAccessError) -> String { try ContentHash.ofFile(index.path) }
}

extension DatasetError {
  /// SQLite's errors in our words.
  package static func wrapping(_ error: any Error, path: String) -> DatasetError {
    switch error {
    case let error as DatasetError: error
    case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB || error.resultCode == .SQLITE_CORRUPT:
      .damaged(path: path, reason: error.message ?? "not an SQLite file")
    case let error as DatabaseError where error.resultCode == .SQLITE_BUSY: .busy(path: path)
    case let error as DatabaseError where error.resultCode == .SQLITE_ERROR:
      .damaged(path: path, reason: error.message ?? "SQLite error")
    case let error as DatabaseError: .inputOutput(path: path, reason: error.message ?? "\(error.resultCode)")
    case let error as FileAccessError: .inputOutput(path: error.path, reason: error.fact)
    case let error as RowDecodingError: .damaged(path: path, reason: "\(error)".replacing("\n", with: " "))
    default: .inputOutput(path: path, reason: error.localizedDescription)
    }
  }
}

extension Row {
  /// A column's value. A damaged index may hold anything: what cannot be converted is an error, where GRDB's subscript
  /// would end the process.
  @inlinable
  package func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ index: Int) throws -> Value {
    try decode(Value.self, atIndex: index)
  }

  @inlinable
  package func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ name: String) throws -> Value {
    try decode(Value.self, forColumn: name)
  }
}
