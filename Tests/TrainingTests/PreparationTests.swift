import Foundation
import TensorFiles
import Testing
import Torch

@testable import Training

@Suite("Features that are encoded once")
struct EncodedPiecesTests {
  private func pieces(_ folder: URL, key: String = "k", batch: Int = 3) -> EncodedPieces {
    EncodedPieces(
      file: folder.appendingPathComponent("features.safetensors"), key: key, count: 20, batch: batch, pieceSize: 6)
  }

  private func feature(_ items: Range<Int>) throws -> [String: Tensor] {
    ["value": try Tensor(items.map { Float($0 * $0) }, shape: [items.count, 1])]
  }

  private let expected = (0..<20).map { Float($0 * $0) }

  @Test("a stop after any batch keeps what was encoded, and going on makes the whole", arguments: 0...6)
  func stop(after batches: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var asked = 0
      #expect(throws: EncodingStopped(reason: .stopped)) {
        _ = try pieces(folder).encoded(
          limits: RunLimits {
            asked += 1
            return asked > batches
          }, progress: { _ in }, encode: feature)
      }
      var skipped = -1
      var encoded: [Range<Int>] = []
      var progress: [Int] = []
      let whole = try pieces(folder).encoded(
        limits: RunLimits { false }, skipping: { skipped = $0 }, progress: { progress.append($0) },
        encode: { items in
          encoded.append(items)
          return try feature(items)
        })
      #expect(try whole["value"]?.floats() == expected)
      #expect(skipped == batches * 3)
      #expect(encoded.first?.lowerBound == batches * 3)
      #expect(progress.last == 20 && progress == progress.sorted())
    }
  }

  @Test("the whole is found again by its key, and by no other; the pieces are gone")
  func keys() throws {
    try withTemporaryFolder { (folder: URL) throws in
      #expect(pieces(folder).stored() == nil)
      let whole = try pieces(folder).encoded(limits: RunLimits { false }, progress: { _ in }, encode: feature)
      try pieces(folder).store(whole)
      #expect(try pieces(folder).stored().map { try Tensor($0.tensor("value")).floats() } == expected)
      #expect(pieces(folder, key: "other").stored() == nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["features.safetensors"])
    }
  }

  @Test("pieces of another key, and what lies behind a damaged one, are encoded again")
  func otherPieces() throws {
    try withTemporaryFolder { (folder: URL) throws in
      func stop(_ key: String, after batches: Int) throws {
        var asked = 0
        let limits = RunLimits {
          asked += 1
          return asked > batches
        }
        _ = try pieces(folder, key: key).encoded(limits: limits, progress: { _ in }, encode: feature)
      }
      func firstEncoded(_ key: String) throws -> Int? {
        var first: Int?
        var asked = 0
        let limits = RunLimits {
          asked += 1
          return asked > 1
        }
        #expect(throws: EncodingStopped.self) {
          _ = try pieces(folder, key: key).encoded(limits: limits, progress: { _ in }) { items in
            first = first ?? items.lowerBound
            return try feature(items)
          }
        }
        return first
      }
      #expect(throws: EncodingStopped.self) { try stop("a", after: 6) }
      let folderOfPieces = folder.appendingPathComponent("features.pieces")
      let names = try FileManager.default.contentsOfDirectory(atPath: folderOfPieces.path).sorted()
      #expect(names == ["0-6.safetensors", "12-18.safetensors", "6-12.safetensors"])
      try Data([1, 2, 3]).write(to: folderOfPieces.appendingPathComponent("6-12.safetensors"))
      #expect(try firstEncoded("a") == 6)
      #expect(try firstEncoded("b") == 0)
    }
  }
}

@Suite("The images that validation looks at")
struct ValidationImagesTests {
  private func choose(_ limit: Int, _ sources: [String], seed: UInt64 = 0) throws -> [Int] {
    try ValidationImages.choose(limit, of: sources, randomness: TrainingRandomness(seed: seed))
  }

  private let sources =
    [String](repeating: "nih", count: 900) + [String](repeating: "kermany", count: 95)
    + [String](repeating: "rare", count: 5)

  @Test("every source has its share, and a rare one is not left out")
  func shares() throws {
    let chosen = try choose(64, sources)
    #expect(chosen.count == 64)
    #expect(Set(chosen).count == 64)
    #expect(chosen == chosen.sorted())
    let counts = Dictionary(grouping: chosen) { sources[$0] }.mapValues(\.count)
    #expect(counts["rare"] == 1)
    #expect((5...7).contains(counts["kermany"] ?? 0))
    #expect((56...58).contains(counts["nih"] ?? 0))
  }

  @Test("the choice is the seed's, and does not hang on the order of import")
  func seeds() throws {
    #expect(try choose(64, sources) == choose(64, sources))
    #expect(try choose(64, sources) != choose(64, sources, seed: 1))
    #expect(try choose(64, sources) != Array(0..<64))
    #expect(try choose(64, sources).contains { $0 > 200 && $0 < 900 })
  }

  @Test("a small part is looked at whole, and more sources than places give one image each")
  func limits() throws {
    #expect(try choose(64, ["a", "b", "a"]) == [0, 1, 2])
    let many = (0..<100).map { "source \($0 / 2)" }
    let chosen = try choose(10, many)
    #expect(chosen.count == 10)
    #expect(Set(chosen.map { many[$0] }).count == 10)
  }
}
