import DICOMTestSupport
import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// An import that fails before its first commit leaves nothing.
@Suite struct FailedImportTests {
  struct Refusal: LocalizedError {
    var errorDescription: String? { "refused" }
  }

  static func source(in folder: URL) throws -> ImportSource {
    let tree = folder.appendingPathComponent("tree")
    try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
    try DICOMBuilder.radiograph().file.write(to: tree.appendingPathComponent("a"))
    return try DICOMSource.list(tree, key: DICOMSourceTests.key).source
  }

  static func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test func aRefusalLeavesNoFolder() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(in: folder)
      let dataset = folder.appendingPathComponent("cxr")
      var options = DataFixtures.options()
      options.imageSize = 15
      #expect(throws: DatasetError.invalidImageSize(15)) {
        try DatasetImport(source, into: dataset, options: options).run()
      }
      #expect(try Self.names(folder) == ["tree"])
      #expect(throws: DatasetError.inputOutput(path: dataset.path, reason: "refused")) {
        try DatasetImport(source, into: dataset, options: DataFixtures.options()).run(willCommit: { throw Refusal() })
      }
      #expect(try Self.names(folder) == ["tree"])
    }
  }

  @Test func aFolderThatWasEmptyStaysEmpty() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(in: folder)
      let dataset = folder.appendingPathComponent("cxr")
      try FileManager.default.createDirectory(at: dataset, withIntermediateDirectories: true)
      #expect(throws: DatasetError.inputOutput(path: dataset.path, reason: "refused")) {
        try DatasetImport(source, into: dataset, options: DataFixtures.options()).run(willCommit: { throw Refusal() })
      }
      #expect(try Self.names(dataset).isEmpty)
    }
  }

  @Test func aDatasetThatWasThereStaysAsItIs() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(in: folder)
      let dataset = folder.appendingPathComponent("cxr")
      _ = try DatasetImport(source, into: dataset, options: DataFixtures.options()).run()
      let before = try DataFixtures.contents(of: dataset)
      let names = try Self.names(dataset)
      var options = DataFixtures.options()
      options.imageSize = 64
      #expect(throws: DatasetError.settingMismatch(name: "--size", stored: "32", given: "64")) {
        try DatasetImport(source, into: dataset, options: options).run()
      }
      #expect(throws: DatasetError.inputOutput(path: dataset.path, reason: "refused")) {
        try DatasetImport(source, into: dataset, options: DataFixtures.options()).run(willCommit: { throw Refusal() })
      }
      let after = try DataFixtures.contents(of: dataset)
      #expect(after.rows == before.rows && after.pixels == before.pixels)
      #expect(Set(names).subtracting(["index.sha256"]).isSubset(of: try Self.names(dataset)))
    }
  }

  @Test func aFolderOfSomethingElseIsNotTouched() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(in: folder)
      let dataset = folder.appendingPathComponent("cxr")
      try DataFixtures.write("mine", to: dataset.appendingPathComponent("index.sqlite"))
      #expect(throws: DatasetError.damaged(path: dataset.path, reason: "file is not a database")) {
        try DatasetImport(source, into: dataset, options: DataFixtures.options()).run()
      }
      #expect(try Self.names(dataset) == ["index.sqlite"])
      try DataFixtures.write("mine", to: dataset.appendingPathComponent("notes.txt"))
      #expect(throws: DatasetError.damaged(path: dataset.path, reason: "file is not a database")) {
        try DatasetImport(source, into: dataset, options: DataFixtures.options()).run()
      }
      #expect(try Self.names(dataset) == ["index.sqlite", "notes.txt"])
    }
  }
}
