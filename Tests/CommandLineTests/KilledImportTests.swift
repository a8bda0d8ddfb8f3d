import DeveloperTools
import Foundation
import TestBasics
import Testing

/// Imports that are killed at moments drawn from a seed, and given again.
@Suite struct KilledImportTests {
  /// Small pictures in files of their own, each with a caption; some of them twice, one that is no picture.
  private static func makeSource(at folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    var number = 0
    for place in ["nih/images", "kermany/NORMAL", "kermany/PNEUMONIA"] {
      let names = try FileManager.default.contentsOfDirectory(
        atPath: fixtures.appendingPathComponent(place).path
      ).sorted()
      for name in names {
        let file = fixtures.appendingPathComponent(place).appendingPathComponent(name)
        // Bytes after the end of an image are no part of it, and make the file another.
        for copy in 0..<8 {
          let target = folder.appendingPathComponent("\(number).\(file.pathExtension)")
          try (Data(contentsOf: file) + Data(repeating: UInt8(copy), count: copy)).write(to: target)
          try Data("A radiograph, number \(number).".utf8).write(
            to: target.deletingPathExtension().appendingPathExtension("txt"))
          number += 1
        }
      }
    }
    try Data("no picture".utf8).write(to: folder.appendingPathComponent("none.png"))
  }

  private static func importing(into name: String) -> [String] {
    ["data", "import", "folder", "source", "--output", name, "--size", "128", "--quiet"]
  }

  /// The digest of every row and every pixel.
  private static func digest(_ name: String, in folder: URL) throws -> String {
    let result = try Program.run(["data", "inspect", name, "--verify", "--json"], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    return try #require(object?["digest"] as? String)
  }

  @Test func threeKillsLeaveTheSameDataset() throws { try checkKills(3, seed: 3) }

  @Test(.slow, .tags(.slow)) func thirtyKillsLeaveTheSameDataset() throws { try checkKills(30, seed: 30) }

  private func checkKills(_ wanted: Int, seed: UInt64) throws {
    try withTemporaryFolder { folder in
      try Self.makeSource(at: folder.appendingPathComponent("source"))
      let start = Date()
      #expect(try Program.run(Self.importing(into: "whole"), in: folder).status == 0)
      let duration = Date().timeIntervalSince(start)
      let whole = try Self.digest("whole", in: folder)
      // A quick end may come before the signal, so that more runs are needed than kills are wanted. Most datasets
      // are killed several times before they are let go on to the end.
      var (killed, runs, name) = (0, 0, 0)
      var random = FuzzRandom(seed: seed, stream: 0)
      while killed < wanted, runs < 4 * wanted {
        name += 1
        for _ in 0..<min(wanted, 5) {
          let end = Date(timeIntervalSinceNow: duration * Double.random(in: 0.02...0.9, using: &random))
          let result = try Program.run(
            Self.importing(into: "killed\(name)"), in: folder, signal: SIGKILL, when: { Date() >= end })
          killed += result.wasKilled ? 1 : 0
          runs += 1
        }
        #expect(try Program.run(Self.importing(into: "killed\(name)"), in: folder).status == 0)
        #expect(try Self.digest("killed\(name)", in: folder) == whole)
      }
      #expect(killed >= wanted)
    }
  }
}
