import Foundation
import GRDB
import ImageFiles
import RadiographTestSupport
import Support
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct DatasetStoreTests {
  /// Twelve pictures of distinct patients.
  private static func makeSource(in folder: URL, count: Int = 12) throws -> ImportSource {
    let source = folder.appendingPathComponent("source")
    for index in 0..<count {
      let name = source.appendingPathComponent("image\(index < 10 ? "0" : "")\(index)")
      try DataFixtures.writeImage(name.appendingPathExtension("png"), seed: index)
      try DataFixtures.write("A picture.", to: name.appendingPathExtension("txt"))
    }
    return try FolderSource.list(source)
  }

  private static func flip(_ url: URL, byte: Int) throws {
    var data = try Data(contentsOf: url)
    data[byte] ^= 4
    try data.write(to: url)
  }

  @Test func aFlippedBitOfAPixelIsFound() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(Self.makeSource(in: folder), into: output, options: DataFixtures.options()).run()
      let sound = try RadiographDataset.open(output).verify()
      #expect(sound.isSound && sound.checkedImages == 12 && sound.notes.isEmpty)

      try Self.flip(output.appendingPathComponent("pixels-00000.u8"), byte: 5 * 1024 + 17)
      let found = try RadiographDataset.open(output).verify()
      #expect(found.damagedImages == [.init(slot: 5, paths: ["image05.png"])] && found.damagedIndex.isEmpty)
    }
  }

  @Test func aFlippedBitOfTheIndexIsFound() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(Self.makeSource(in: folder), into: output, options: DataFixtures.options()).run()
      let index = output.appendingPathComponent("index.sqlite")
      // A letter of a report: SQLite itself cannot know.
      let place = try #require(try Data(contentsOf: index).range(of: Data("A picture.".utf8)))
      try Self.flip(index, byte: place.lowerBound + 3)
      let found = try RadiographDataset.open(output).verify()
      #expect(found.damagedIndex == ["index.sqlite differs from what index.sha256 says of it"])
    }
  }

  /// A damaged index is an error, or is read as it is; it never ends the process.
  @Test func noDamageOfTheIndexIsATrap() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(Self.makeSource(in: folder), into: output, options: DataFixtures.options()).run()
      let index = output.appendingPathComponent("index.sqlite")
      let whole = try Data(contentsOf: index)
      var random = UInt64(1)
      func next(_ bound: Int) -> Int {
        random = SplitMix64.mixed(random)
        return Int(random % UInt64(bound))
      }
      var refused = 0
      for _ in 0..<150 {
        var damaged = whole
        for _ in 0..<(1 + next(20)) { damaged[100 + next(damaged.count - 100)] = UInt8(next(256)) }
        try damaged.write(to: index)
        do {
          let dataset = try RadiographDataset.open(output)
          _ = try dataset.summary()
          for record in try dataset.records(matching: .everything) where record.hasPixels {
            _ = try dataset.pixels(of: record)
          }
          _ = try RadiographLoader(dataset, options: .init(batchSize: 1)).positions(epoch: 0, step: 0)
          let found = try dataset.verify()
          #expect(!found.isSound)
        } catch {
          #expect(error is DatasetError, "\(error)")
          refused += 1
        }
      }
      #expect(refused > 0)
    }
  }

  /// A dataset as version 1 wrote it.
  private static func makeFirstVersion(_ output: URL) throws {
    try DatabaseQueue(path: output.appendingPathComponent("index.sqlite").path).write { database in
      try database.execute(
        sql: """
          DROP TABLE pixels; DROP TABLE findings; DELETE FROM settings WHERE key IN ('split_by', 'clahe');
          UPDATE settings SET value = 'bilinear, antialiased' WHERE key = 'resampling';
          UPDATE settings SET value = 'min-max to 0...255 after resampling' WHERE key = 'intensity';
          PRAGMA user_version = 1;
          """)
    }
    try FileManager.default.removeItem(at: output.appendingPathComponent("index.sha256"))
  }

  @Test func versionOneIsReadAndBroughtUp() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      var options = DataFixtures.options()
      options.splitRule = .hash
      let source = try Self.makeSource(in: folder)
      _ = try DatasetImport(source, into: output, options: options).run()
      let before = try DataFixtures.contents(of: output)
      try Self.makeFirstVersion(output)

      let old = try RadiographDataset.open(output)
      #expect(old.storedImageCount == 12)
      #expect(old.settings.splitRule == .hash && old.settings.preprocessing == ImagePreprocessing(size: 32))
      #expect(try old.records().count == 12)
      #expect(try old.summary().eligible == 12)
      let unchecked = try old.verify()
      #expect(unchecked.checkedImages == 0 && unchecked.isSound && !unchecked.notes.isEmpty)
      #expect(try old.requireNoLeakage().isEmpty)

      #expect(try DatasetImport(source, into: output).run().alreadyThere == 12)
      let after = try DataFixtures.contents(of: output)
      #expect(after == before)
      #expect(try RadiographDataset.open(output).verify().checkedImages == 12)
    }
  }

  @Test func aCopyIsTheSameDataset() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      let copy = folder.appendingPathComponent("elsewhere/copy")
      let source = try Self.makeSource(in: folder)
      _ = try DatasetImport(source, into: output, options: DataFixtures.options()).run()
      try FileManager.default.createDirectory(
        at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: output, to: copy)
      try FileManager.default.removeItem(at: output)
      #expect(try RadiographDataset.open(copy).verify().isSound)
      #expect(try DatasetImport(source, into: copy).run().alreadyThere == 12)
    }
  }

  @Test func readersKeepWhatTheyOpenedWhileAWriterAdds() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      let source = try Self.makeSource(in: folder)
      var part = source
      part.entries = Array(source.entries.prefix(5))
      _ = try DatasetImport(part, into: output, options: DataFixtures.options()).run()
      let reader = try RadiographDataset.open(output)
      let first = try reader.pixels(of: reader.records()[0])
      _ = try DatasetImport(source, into: output, options: DataFixtures.options(batchSize: 2)).run { _ in
        #expect(reader.storedImageCount == 5)
        #expect((try? reader.pixels(of: reader.records()[0])) == first)
      }
      #expect(try RadiographDataset.open(output).storedImageCount == 12)
    }
  }

  @Test func aListedImageKeepsItsReasonsWhenItIsImportedAgain() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      let output = folder.appendingPathComponent("dataset")
      try DataFixtures.write(
        "Image Index,Finding Labels,Patient ID\n1.png,Mass,1\n1.png,Mass,1\n",
        to: source.appendingPathComponent("Data_Entry_2017_v2020.csv"))
      try DataFixtures.writeImage(source.appendingPathComponent("images/1.png"), seed: 1)
      _ = try DatasetImport(NIHSource.list(source), into: output, options: DataFixtures.options()).run()
      let before = try DataFixtures.contents(of: output)
      #expect(try RadiographDataset.open(output).summary().excluded == ["duplicate-row": 1])
      _ = try DatasetImport(NIHSource.list(source), into: output).run()
      let after = try DataFixtures.contents(of: output)
      #expect(after == before)
    }
  }

  /// Needs the right to mount a small disk.
  @Test(.enabled(if: SmallDisk.isPossible, "mounting a small disk takes root and the right to mount"))
  func aFullDiskLeavesTheLastGoodState() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.makeSource(in: folder, count: 120)
      // Room for the index and some of the 480 KB of pixels.
      let disk = try SmallDisk(at: folder.appendingPathComponent("disk"), bytes: 400_000)
      defer { disk.unmount() }
      let output = disk.folder.appendingPathComponent("dataset")
      let options = DataFixtures.options(size: 64, batchSize: 8)
      let error = #expect(throws: DatasetError.self) { try DatasetImport(source, into: output, options: options).run() }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("free space") && !text.contains("\n"), "\(text)")
      let dataset = try RadiographDataset.open(output)
      #expect(dataset.storedImageCount > 0 && dataset.storedImageCount < 120)
      #expect(try dataset.verify().isSound)

      // With room the same command goes on.
      try disk.resize(bytes: 4_000_000)
      #expect(try DatasetImport(source, into: output, options: options).run().imported > 0)
      #expect(try RadiographDataset.open(output).storedImageCount == 120)
      #expect(try RadiographDataset.open(output).verify().isSound)
    }
  }
}

/// A disk so small that it soon is full.
struct SmallDisk {
  let folder: URL

  init(at folder: URL, bytes: Int) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard Self.run("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder.path]) else {
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  func resize(bytes: Int) throws {
    guard Self.run("mount", ["-o", "remount,size=\(bytes)", folder.path]) else {
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  func unmount() { _ = Self.run("umount", [folder.path]) }

  static let isPossible: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    guard let disk = try? SmallDisk(at: folder, bytes: 4_096) else { return false }
    disk.unmount()
    return true
  }()

  private static func run(_ tool: String, _ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
