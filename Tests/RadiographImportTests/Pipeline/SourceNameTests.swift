import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// Folders of one name are not one source.
@Suite struct SourceNameTests {
  /// A folder `name/images` with pictures of the seeds, called by their places.
  private func source(_ name: String, _ seeds: [Int], in folder: URL, from first: Int = 0) throws -> ImportSource {
    let images = folder.appendingPathComponent("\(name)/images")
    for (index, seed) in seeds.enumerated() {
      try DataFixtures.writeImage(images.appendingPathComponent("\(first + index).png"), seed: seed)
    }
    return try FolderSource.list(images)
  }

  private func add(_ source: ImportSource, to folder: URL) throws -> Int {
    try DatasetImport(
      source, into: folder.appendingPathComponent("cxr"), options: DataFixtures.options()
    ).run().imported
  }

  @Test func anotherFolderOfTheNameIsRefusedAndChangesNothing() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("cxr")
      #expect(try add(try source("a", [1, 2, 3], in: folder), to: folder) == 3)
      let before = try DataFixtures.contents(of: dataset)
      let cases = [
        (try source("b", [4, 5, 6], in: folder), "images that the dataset has of it are other images in this folder"),
        (try source("c", [1, 2], in: folder, from: 7), "no image that the dataset has of it is in this folder"),
      ]
      for (other, reason) in cases {
        #expect(throws: DatasetError.sourceName(name: "images", reason: reason)) { try add(other, to: folder) }
      }
      let after = try DataFixtures.contents(of: dataset)
      #expect(after == before)
      #expect(try RadiographDataset.open(dataset).verify().isSound)

      var named = cases[0].0
      named.name = "more"
      #expect(try add(named, to: folder) == 3)
    }
  }

  @Test func aFolderIsFoundAgainWhereverItLies() throws {
    try DataFixtures.withFolder { folder in
      var imported = [try add(source("a", [1, 2], in: folder), to: folder)]
      // Moved, with an image that was made anew and one more; then again.
      for _ in 0..<2 { imported.append(try add(source("b", [9, 2, 3], in: folder), to: folder)) }
      #expect(imported == [2, 1, 0])
    }
  }

  @Test func anotherImportersNameIsRefused() throws {
    try DataFixtures.withFolder { folder in
      var nih = try source("a", [1], in: folder)
      nih.name = "nih"
      #expect(try add(nih, to: folder) == 1)
      let reason = "the dataset has one of the importer folder, this is of nih"
      #expect(throws: DatasetError.sourceName(name: "nih", reason: reason)) {
        try add(NIHSource.list(DataFixtures.nih), to: folder)
      }
    }
  }
}
