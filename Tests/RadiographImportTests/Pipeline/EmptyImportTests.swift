import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// Imports that end without an image.
@Suite struct EmptyImportTests {
  private func run(_ source: ImportSource, into output: URL) throws -> DatasetImport.Summary {
    var options = DataFixtures.options()
    options.missingImages = .skip
    return try DatasetImport(source, into: output, options: options).run()
  }

  @Test func theCommonestReasonIsNamedAndNothingStays() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      for index in 0..<3 { try DataFixtures.write("no image", to: source.appendingPathComponent("\(index).png")) }
      try FileManager.default.createSymbolicLink(
        atPath: source.appendingPathComponent("more").path, withDestinationPath: NSTemporaryDirectory())
      let output = folder.appendingPathComponent("dataset")
      let summary = try run(FolderSource.list(source), into: output)
      #expect(summary.imported == 0 && summary.made == .folder)
      #expect {
        try summary.requireImages(in: output)
      } throws: { error in
        guard case .noImages(output.path, let reason, _) = error as? DatasetError else { return false }
        return reason.hasPrefix("3 unreadable, the first is 0.png, ")
      }
      #expect(!FileManager.default.fileExists(atPath: output.path))
    }
  }

  @Test func aFolderThatWasThereStays() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      try DataFixtures.write("no image", to: source.appendingPathComponent("0.png"))
      let output = folder.appendingPathComponent("dataset")
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
      let summary = try run(FolderSource.list(source), into: output)
      #expect { try summary.requireImages(in: output) } throws: { DataFixtures.caseName($0) == "noImages" }
      #expect(try FileManager.default.contentsOfDirectory(atPath: output.path).isEmpty)
    }
  }

  /// What was listed stays for a later import that has the images.
  @Test func aListWithoutImagesIsKept() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      try DataFixtures.write("file_name,text\na.png,Clear lungs.\n", to: source.appendingPathComponent("metadata.csv"))
      let output = folder.appendingPathComponent("dataset")
      let summary = try run(FolderSource.list(source), into: output)
      #expect {
        try summary.requireImages(in: output)
      } throws: { error in
        guard case .noImages(_, "1 listed and not there, the first is a.png", _) = error as? DatasetError else {
          return false
        }
        return true
      }
      try DataFixtures.writeImage(source.appendingPathComponent("a.png"), seed: 1)
      let again = try run(FolderSource.list(source), into: output)
      try again.requireImages(in: output)
      #expect(again.imported == 1 && again.made == .nothing)
    }
  }

  @Test func aDatasetThatHasImagesMayGainNone() throws {
    try DataFixtures.withFolder { folder in
      let good = folder.appendingPathComponent("good")
      try DataFixtures.writeImage(good.appendingPathComponent("a.png"), seed: 1)
      let output = folder.appendingPathComponent("dataset")
      try run(FolderSource.list(good), into: output).requireImages(in: output)
      let bad = folder.appendingPathComponent("bad")
      try DataFixtures.write("no image", to: bad.appendingPathComponent("b.png"))
      try run(FolderSource.list(bad), into: output).requireImages(in: output)
      try run(FolderSource.list(good), into: output).requireImages(in: output)
      #expect(try RadiographDataset.open(output).storedImageCount == 1)
    }
  }

  @Test func everyReasonHasALineWithARemedy() {
    let output = URL(fileURLWithPath: "/dataset")
    for reason in ImportExclusion.Reason.allCases {
      let summary = DatasetImport.Summary(excluded: [ImportExclusion(path: "x", reason: reason, detail: "why")])
      let line = "\(summary.noImages(in: output))"
      #expect(line.hasPrefix("no image was imported into /dataset (") && line.contains("): ") && !line.contains("\n"))
    }
  }
}
