import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// Links out of a source's folder, left out and followed.
@Suite struct SourceLinksTests {
  private func link(_ path: String, to target: String, in folder: URL) throws {
    let url = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }

  private func withSource(_ body: (_ source: URL, _ outside: URL) throws -> Void) throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      try body(source, folder.appendingPathComponent("outside"))
    }
  }

  private func paths(_ folder: URL, _ links: SourceLinks) throws -> SourceFolder {
    try SourceFolder(folder, links: links) { $0 == "png" }
  }

  @Test func aFolderOfImagesThatIsALinkIsReadOnRequest() throws {
    try withSource { source, outside in
      for index in 0..<3 {
        try DataFixtures.writeImage(outside.appendingPathComponent("deep/\(index).png"), seed: 5 * index)
        try DataFixtures.write("Text \(index).", to: outside.appendingPathComponent("deep/\(index).txt"))
      }
      try link("images", to: outside.path, in: source)
      let left = try FolderSource.list(source)
      #expect(left.entries.isEmpty && left.unfollowedLinks == 1)
      #expect(left.exclusions.map(\.reason) == [.outsideSource])
      #expect(left.exclusions.first?.detail.contains("--follow-links") == true)

      let read = try FolderSource.list(source, links: .followed)
      #expect(read.entries.map(\.path) == (0..<3).map { "images/deep/\($0).png" })
      #expect(read.entries.map { $0.sections.map(\.text) } == (0..<3).map { ["Text \($0)."] })
      #expect(read.exclusions.isEmpty && read.unfollowedLinks == 0)
      let output = source.deletingLastPathComponent().appendingPathComponent("dataset")
      #expect(try DatasetImport(read, into: output, options: DataFixtures.options()).run().imported == 3)
    }
  }

  @Test func everyImporterFollowsLinks() throws {
    try withSource { source, outside in
      for (seed, name) in ["1_IM-0001-1001.png", "NORMAL/IM-0001-0001.png"].enumerated() {
        try DataFixtures.writeImage(outside.appendingPathComponent(name), seed: 5 * seed)
      }
      try link("images", to: outside.path, in: source)
      let tables = [
        "Data_Entry_2017.csv": "Image Index,Finding Labels,Patient ID\n1_IM-0001-1001.png,Mass,1\n",
        "t.csv": "f\nimages/1_IM-0001-1001.png\n", "1.xml": SourceFixtures.report(1, images: ["CXR1_IM-0001-1001"]),
        "indiana_reports.csv": "uid,Problems,indication,comparison,findings,impression\n1,normal,,,Clear.,Clear.\n",
        "indiana_projections.csv": "uid,filename,projection\n1,1_IM-0001-1001.png,Frontal\n",
      ]
      for (name, text) in tables { try DataFixtures.write(text, to: source.appendingPathComponent(name)) }
      let mapping = try TableMapping(yaml: Data("{table: t.csv, path: f}".utf8), path: "m")
      let listings: [(String, (SourceLinks) throws -> ImportSource)] = [
        ("folder", { try FolderSource.list(source, links: $0) }),
        ("nih", { try NIHSource.list(source, links: $0) }),
        ("kaggle", { try KaggleSource.list(source, links: $0) }),
        ("kermany", { try KermanySource.list(source, links: $0) }),
        ("openi", { try OpenISource.list([source], links: $0) }),
        ("table", { try TableSource.list(source, mapping: mapping, links: $0) }),
      ]
      for (name, list) in listings {
        let left = try list(.inside)
        #expect(left.entries.allSatisfy { $0.file == nil } && left.unfollowedLinks == 1, "\(name)")
        #expect(left.exclusions.contains { $0.reason == .outsideSource && $0.path == "images" }, "\(name)")
        let read = try list(.followed)
        #expect(read.entries.contains { $0.file != nil } && read.unfollowedLinks == 0, "\(name)")
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func loopsEnd() throws {
    try withSource { source, outside in
      try DataFixtures.writeImage(source.appendingPathComponent("own/0.png"), seed: 1)
      try DataFixtures.writeImage(outside.appendingPathComponent("1.png"), seed: 2)
      try DataFixtures.writeImage(outside.appendingPathComponent("sub/2.png"), seed: 3)
      // Folders that lead to each other, to themselves and back into the source.
      try link("b", to: outside.path, in: source)
      try link("a", to: outside.appendingPathComponent("sub").path, in: source)
      try link("self", to: ".", in: source)
      for name in ["loop", "sub/loop", "sub/up"] { try link(name, to: outside.path, in: outside) }
      try link("home", to: source.path, in: outside)
      try link("circle", to: "circle", in: outside)
      let folder = try paths(source, .followed)
      #expect(folder.files == ["a/2.png", "b/1.png", "own/0.png"])
      #expect(try paths(source, .followed).files == folder.files)
      #expect(folder.exclusions.allSatisfy { $0.reason == .outsideSource } && folder.unfollowedLinks == 0)
    }
  }

  @Test(.timeLimit(.minutes(1))) func hostileLinksAreLeftOut() throws {
    try withSource { source, outside in
      try DataFixtures.writeImage(source.appendingPathComponent("0.png"), seed: 1)
      try DataFixtures.writeImage(outside.appendingPathComponent("1.png"), seed: 2)
      try link("root", to: "/", in: source)
      try link("up", to: "..", in: source)
      try link("device.png", to: "/dev/zero", in: source)
      try link("nowhere.png", to: "/nonexistent/x.png", in: source)
      try link("circle.png", to: "circle.png", in: source)
      #expect(mkfifo(outside.appendingPathComponent("pipe.png").path, 0o600) == 0)
      try link("pipe.png", to: outside.appendingPathComponent("pipe.png").path, in: source)
      for links in [SourceLinks.inside, .followed] {
        let folder = try paths(source, links)
        #expect(folder.files == ["0.png"])
        let reasons = Dictionary(folder.exclusions.map { ($0.path, $0.reason) }) { first, _ in first }
        #expect(
          reasons == [
            "root": .outsideSource, "up": .outsideSource, "nowhere.png": .unreadable, "circle.png": .unreadable,
          ])
      }
    }
  }
}
