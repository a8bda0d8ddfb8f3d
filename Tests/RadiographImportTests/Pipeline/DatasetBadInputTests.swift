import Foundation
import GRDB
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// A request that must be refused: how it is prepared, and the error that names it.
struct BadImport: CustomTestStringConvertible {
  let name: String
  /// The case of `DatasetError`, and a part of its text.
  let error: String
  let saying: String
  /// Prepares the folders, and imports.
  let run: @Sendable (_ source: URL, _ output: URL) throws -> Void
  var testDescription: String { name }

  init(
    _ name: String, error: String, saying: String = ": ",
    run: @escaping @Sendable (_ source: URL, _ output: URL) throws -> Void
  ) {
    self.name = name
    self.error = error
    self.saying = saying
    self.run = run
  }

  private static let header = "Image Index,Finding Labels,Patient ID\n"

  private static func nih(_ source: URL, table: String, images: [String] = []) throws -> ImportSource {
    try DataFixtures.write(table, to: source.appendingPathComponent("Data_Entry_2017_v2020.csv"))
    for (seed, name) in images.enumerated() {
      try DataFixtures.writeImage(source.appendingPathComponent("images/\(name)"), seed: seed)
    }
    return try NIHSource.list(source)
  }

  private static func importFixture(into output: URL, _ change: (inout DatasetImport.Options) -> Void = { _ in }) throws
  {
    var options = DataFixtures.options()
    change(&options)
    _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: output, options: options).run()
  }

  static let all: [BadImport] = [
    BadImport("source is not there", error: "sourceMissing") { source, _ in
      _ = try NIHSource.list(source.appendingPathComponent("none"))
    },
    BadImport("no table", error: "sourceMissing") { source, _ in
      try DataFixtures.writeImage(source.appendingPathComponent("images/1.png"), seed: 1)
      _ = try NIHSource.list(source)
    },
    BadImport("no column", error: "malformedTable") { source, _ in
      _ = try nih(source, table: "Name,Labels\n1.png,Mass\n")
    },
    BadImport("open quote", error: "malformedTable") { source, _ in
      _ = try nih(source, table: header + "\"1.png,Mass,1\n")
    },
    BadImport("NUL in the table", error: "malformedTable") { source, _ in
      _ = try nih(source, table: header + "1.png\0,Mass,1\n")
    },
    BadImport("empty table", error: "malformedTable") { source, _ in
      _ = try nih(source, table: "")
    },
    BadImport("a table without rows", error: "sourceEmpty") { source, output in
      _ = try DatasetImport(nih(source, table: header), into: output).run()
    },
    BadImport("an empty folder", error: "sourceEmpty") { source, _ in
      _ = try FolderSource.list(source)
    },
    BadImport("listed images that are not there", error: "missingImages", saying: "2.png") { source, output in
      let listing = try nih(source, table: header + "1.png,Mass,1\n2.png,Mass,2\n", images: ["1.png"])
      _ = try DatasetImport(listing, into: output, options: DataFixtures.options()).run()
    },
    BadImport("output that is not ours", error: "outputIsNotOurs") { _, output in
      try DataFixtures.write("mine", to: output.appendingPathComponent("diary.txt"))
      defer { #expect(FileManager.default.subpaths(atPath: output.path) == ["diary.txt"]) }
      try importFixture(into: output)
    },
    BadImport("output is a file", error: "cannotCreate") { _, output in
      try DataFixtures.write("mine", to: output)
      try importFixture(into: output)
    },
    BadImport("output inside the source", error: "sourceInsideOutput") { source, _ in
      try DataFixtures.writeImage(source.appendingPathComponent("1.png"), seed: 1)
      _ = try DatasetImport(FolderSource.list(source), into: source.appendingPathComponent("dataset")).run()
    },
    BadImport("size 0", error: "invalidImageSize", saying: "image size 0") { _, output in
      try importFixture(into: output) { $0.imageSize = 0 }
    },
    BadImport("a huge size", error: "invalidImageSize", saying: "image size 9223372036854775807") { _, output in
      try importFixture(into: output) { $0.imageSize = .max }
    },
    BadImport("another size than the dataset's", error: "settingMismatch", saying: "--size 32, not 64") { _, output in
      try importFixture(into: output)
      try importFixture(into: output) { $0.imageSize = 64 }
    },
    BadImport("another split than the dataset's", error: "settingMismatch", saying: "--split 70/10/20, not 80/10/10") {
      _, output in
      try importFixture(into: output)
      try importFixture(into: output) { $0.split = try? SplitFractions("80/10/10") }
    },
    BadImport("a later version", error: "laterVersion", saying: "of format 99, this program reads up to 2") {
      _, output in
      try importFixture(into: output)
      try DatabaseQueue(path: output.appendingPathComponent("index.sqlite").path).write {
        try $0.execute(sql: "PRAGMA user_version = 99")
      }
      try importFixture(into: output)
    },
    BadImport("an index that is not SQLite", error: "damaged") { _, output in
      let text = String(repeating: "not a database ", count: 100)
      try DataFixtures.write(text, to: output.appendingPathComponent("index.sqlite"))
      try importFixture(into: output)
    },
  ]
}

@Suite struct DatasetBadInputTests {
  @Test(arguments: BadImport.all)
  func isRefusedWithOneLine(bad: BadImport) throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      let error = #expect(throws: DatasetError.self) {
        try bad.run(source, folder.appendingPathComponent("dataset"))
      }
      if let error {
        #expect(DataFixtures.caseName(error) == bad.error, "\(error)")
        #expect("\(error)".contains(bad.saying))
        #expect(!"\(error)".contains("\n") && "\(error)".contains(": "))
      }
    }
  }

  @Test func unreadableImagesAreCountedAndTheRestImported() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      for index in 0..<3 {
        try DataFixtures.writeImage(source.appendingPathComponent("good\(index).png"), seed: index)
      }
      try DataFixtures.write("", to: source.appendingPathComponent("empty.png"))
      try DataFixtures.write("text", to: source.appendingPathComponent("text.jpg"))
      let whole = try Data(contentsOf: source.appendingPathComponent("good0.png"))
      try whole.dropLast(30).write(to: source.appendingPathComponent("truncated.png"))
      let output = folder.appendingPathComponent("dataset")
      let summary = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      #expect(summary.imported == 3)
      let unreadable = summary.excluded.filter { $0.reason == .unreadable }
      #expect(unreadable.map(\.path) == ["empty.png", "text.jpg", "truncated.png"])
      #expect(unreadable.allSatisfy { !$0.detail.isEmpty })
      #expect(try RadiographDataset.open(output).summary().excluded["unreadable"] == 3)

      // Mended, it is imported, and no longer listed as left out.
      try DataFixtures.writeImage(source.appendingPathComponent("empty.png"), seed: 9)
      let again = try DatasetImport(FolderSource.list(source), into: output).run()
      #expect(again.imported == 1)
      #expect(try RadiographDataset.open(output).summary().excluded["unreadable"] == 2)
    }
  }

  @Test func missingImagesStayListedAndGainPixelsLater() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      let output = folder.appendingPathComponent("dataset")
      try DataFixtures.write(
        "Image Index,Finding Labels,Patient ID\n1.png,Mass,1\n2.png,Mass,2\n",
        to: source.appendingPathComponent("Data_Entry_2017_v2020.csv"))
      try DataFixtures.writeImage(source.appendingPathComponent("images/1.png"), seed: 1)
      var options = DataFixtures.options()
      options.missingImages = .skip
      let first = try DatasetImport(NIHSource.list(source), into: output, options: options).run()
      #expect(first.imported == 1 && first.excluded.map(\.reason) == [.missingImage])
      let dataset = try RadiographDataset.open(output)
      let summary = try dataset.summary()
      #expect(summary.images == 1 && summary.frontal == 2 && summary.eligible == 2)
      #expect(try dataset.records().map(\.path) == ["1.png"])
      let all = try dataset.records(matching: .everything)
      #expect(throws: DatasetError.noPixels(key: "2.png")) { try dataset.pixels(of: all[1]) }

      try DataFixtures.writeImage(source.appendingPathComponent("images/2.png"), seed: 2)
      #expect(try DatasetImport(NIHSource.list(source), into: output, options: options).run().imported == 1)
      #expect(try RadiographDataset.open(output).records().map(\.path) == ["1.png", "2.png"])
    }
  }

  @Test func aSecondWriterIsRefusedWhileTheFirstWrites() throws {
    try DataFixtures.withFolder { folder in
      let source = try KermanySource.list(DataFixtures.kermany)
      let options = DataFixtures.options(batchSize: 4)
      var refusals = 0
      _ = try DatasetImport(source, into: folder, options: options).run { _ in
        #expect(throws: DatasetError.busy(path: folder.path)) {
          try DatasetImport(source, into: folder, options: options).run()
        }
        refusals += 1
      }
      #expect(refusals == 3)
    }
  }

  /// What a kill in the middle of a commit leaves: pages of the transaction in the index, the old ones in the journal.
  @Test func aDatasetWithAnUnfinishedCommitIsMadeGood() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("dataset")
      let killed = folder.appendingPathComponent("killed")
      _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: dataset, options: DataFixtures.options())
        .run()
      let before = try DataFixtures.contents(of: dataset)
      struct Stop: Error {}
      let writer = try DatabaseQueue(path: dataset.appendingPathComponent("index.sqlite").path)
      #expect(throws: Stop.self) {
        try writer.write { database in
          // A small cache writes pages to the file before the commit.
          try database.execute(sql: "PRAGMA cache_size = 1; UPDATE images SET path = path || hex(randomblob(4000))")
          try FileManager.default.copyItem(at: dataset, to: killed)
          throw Stop()
        }
      }
      #expect(FileManager.default.fileExists(atPath: killed.appendingPathComponent("index.sqlite-journal").path))
      #expect(try RadiographDataset.open(killed).records().first?.path == "NORMAL/IM-0001-0001.jpeg")
      #expect(try DataFixtures.contents(of: killed) == before)
    }
  }

  @Test func aDamagedDatasetIsRefused() throws {
    try DataFixtures.withFolder { folder in
      #expect(throws: DatasetError.notADataset(path: folder.path)) { try RadiographDataset.open(folder) }
      _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: folder, options: DataFixtures.options())
        .run()
      let shard = folder.appendingPathComponent("pixels-00000.u8")
      try Data(contentsOf: shard).dropLast().write(to: shard)
      #expect { try RadiographDataset.open(folder) } throws: { error in
        guard case .damaged(_, let reason) = error as? DatasetError else { return false }
        return reason == "pixels-00000.u8 has 12287 of 12288 bytes"
      }
    }
  }
}
