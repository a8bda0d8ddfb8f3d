import Foundation
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import Training

@Suite("Averages made of snapshots")
struct AverageSnapshotsTests {
  private static let paths = (0..<8).map { "block\($0).weight" }
  private static let widths = [0.05, 0.1]
  private static let updates = stride(from: 8, through: 64, by: 8)

  private static func tensor(_ path: Int, _ width: Double, _ updates: Int, count: Int) throws -> Tensor {
    let seed = UInt64(path * 1000 + updates * 10 + Int(width * 20))
    return try Tensor.randn([count], generator: Generator(seed: seed)).to(.float16)
  }

  /// Writes sixteen snapshots as a run does.
  private static func write(_ count: Int, in folder: URL) throws {
    for updates in updates {
      var tensors: [String: Tensor] = [:]
      for width in widths {
        for (index, path) in paths.enumerated() {
          tensors["\(width)/\(path)"] = try tensor(index, width, updates, count: count)
        }
      }
      let name = "updates-" + String(format: "%08d", updates) + ".safetensors"
      try SafetensorsWriter.write(tensors, metadata: [:], to: folder.appendingPathComponent(name).path)
    }
  }

  @Test("the average is the sum of the snapshots by their weights, element by element")
  func sum() throws {
    try withTemporaryFolder { (folder: URL) throws in
      try Self.write(33, in: folder)
      let average = try #require(try AverageSnapshots(folder: folder).weights(width: 0.08))
      #expect(average.updates == 64)
      #expect(average.tensors.keys.sorted() == Self.paths)
      let places = Self.updates.flatMap { updates in Self.widths.map { (updates: updates, width: $0) } }
      let weights = try PostHocAverage.weights(
        of: places.map { try .init(time: $0.updates, profile: PowerFunction(relativeDeviation: $0.width)) },
        target: .init(time: 64, profile: PowerFunction(relativeDeviation: 0.08)))
      for (index, path) in Self.paths.enumerated() {
        var expected = [Double](repeating: 0, count: 33)
        for (place, weight) in zip(places, weights) {
          let values = try Self.tensor(index, place.width, place.updates, count: 33).doubles()
          for element in expected.indices { expected[element] += weight * values[element] }
        }
        let made = try #require(average.tensors[path]).doubles()
        let largest = expected.map(abs).max() ?? 0
        #expect(zip(made, expected).allSatisfy { abs($0 - $1) <= 1e-7 * largest })
      }
    }
  }

  #if os(Linux)
    /// In a process of its own, since other tests take memory at the same time.
    @Test("memory grows with one snapshot, not with their number")
    func memory() async {
      await #expect(processExitsWith: .success) {
        struct TooMuch: Error {}
        try withTemporaryFolder { (folder: URL) throws in
          let count = 1 << 17
          try AverageSnapshotsTests.write(count, in: folder)
          let before = try TensorMemory.liveBytes() ?? 0
          try TensorMemory.resetPeak()
          guard try AverageSnapshots(folder: folder).weights(width: 0.08) != nil else { throw TooMuch() }
          let taken = (try TensorMemory.peakBytes() ?? .max) - before
          // One set of weights in float32, and a few tensors in float64.
          guard taken <= 4 * count * (AverageSnapshotsTests.paths.count + 8) else { throw TooMuch() }
        }
      }
    }
  #endif
}
