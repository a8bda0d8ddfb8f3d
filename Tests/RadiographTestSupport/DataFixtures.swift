import Foundation
import GRDB
import ImageFiles
import RadiographImport

/// Folders, images and datasets that the tests of data and imports share.
package enum DataFixtures {
  package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")
  package static let nih = folder.appendingPathComponent("nih")
  package static let kermany = folder.appendingPathComponent("kermany")

  /// The full data, where a checkout has it beside it: `THORAX_SHARED`, or `../shared`.
  package static let shared: URL? = {
    let root = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path =
      ProcessInfo.processInfo.environment["THORAX_SHARED"]
      ?? root.appendingPathComponent("shared").path
    return FileManager.default.fileExists(atPath: path + "/data") ? URL(fileURLWithPath: path) : nil
  }()
  package static let reasonToSkip = "needs the publishers' data in THORAX_SHARED or ../shared"

  package static func options(size: Int = 32, batchSize: Int = 128) -> DatasetImport.Options {
    var options = DatasetImport.Options()
    options.imageSize = size
    options.batchSize = batchSize
    return options
  }

  /// Calls `body` with a new empty folder, and removes it.
  package static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
  }

  /// Every row of every table as text, and the shards' bytes.
  package static func contents(of dataset: URL) throws -> (rows: String, pixels: [String: Data]) {
    let database = try DatabaseQueue(path: dataset.appendingPathComponent("index.sqlite").path)
    let rows = try database.read { database in
      try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .flatMap { table in
          [table] + (try Row.fetchAll(database, sql: "SELECT * FROM \(table)").map { "\($0)" })
        }.joined(separator: "\n")
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: dataset.path).filter { $0.hasSuffix(".u8") }
    let pixels = try names.map { ($0, try Data(contentsOf: dataset.appendingPathComponent($0))) }
    return (rows, Dictionary(uniqueKeysWithValues: pixels))
  }

  package static func write(_ text: String, to url: URL) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// A PNG whose pixels depend on `seed`.
  package static func writeImage(_ url: URL, seed: Int, width: Int = 40, height: Int = 40) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let pixels = (0..<(width * height)).map { UInt8(truncatingIfNeeded: $0 &* (seed + 3) / 7 + seed) }
    let image = try GrayscaleImage(width: width, height: height, pixels: pixels)
    try Data(image.pngBytes()).write(to: url)
  }

  /// The name of an error's case, `missingImages`.
  package static func caseName(_ error: any Error) -> String {
    Mirror(reflecting: error).children.first?.label ?? "\(error)"
  }
}
