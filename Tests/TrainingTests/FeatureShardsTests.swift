import Foundation
import Support
import TensorFiles
import TestBasics
import Testing
import Torch

@testable import Training

/// Features of 46 items, six to a file, in batches of three.
struct SquareFeatures {
  let folder: URL
  var key = "k"
  var count = 46
  var shardSize = 6

  /// What is encoded, and what is said meanwhile.
  final class Log {
    var encoded: [Range<Int>] = []
    var progress: [Int] = []
    var notes: [String] = []
  }

  func encode(_ log: Log = Log(), stopAfter batches: Int = .max, pausing: () -> Void = {}) throws -> FeatureShards {
    var asked = 0
    let limits = RunLimits { [shouldStop = { asked > batches }] in
      asked += 1
      return shouldStop()
    }
    let encoding = FeatureEncoding(
      plan: FeaturePlan(folder: folder, key: key, count: count, batch: 3, shardSize: shardSize), limits: limits,
      note: { log.notes.append($0) }, progress: { log.progress.append($0) })
    return try encoding.shards(notes: { ["sum": "\(try $0["value"]?.sum().item() ?? 0)"] }) { items in
      log.encoded.append(items)
      pausing()
      let values = items.flatMap { item in (0..<300).map { Float(item * item + $0) } }
      return ["value": try Tensor(values, shape: [items.count, 300])]
    }
  }

  /// The first value of every item.
  func values(_ shards: FeatureShards) throws -> [Float] {
    try shards.rows("value", of: Array(0..<shards.count)).select(dim: 1, index: 0).floats()
  }

  var expected: [Float] { (0..<count).map { Float($0 * $0) } }

  /// The bytes of all files by their names.
  func files() throws -> [String: Data] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).reduce(into: [:]) {
      $0[$1] = try Data(contentsOf: folder.appendingPathComponent($1))
    }
  }

  func file(_ number: Int) -> URL { FeaturePlan.file(number, in: folder) }
}

@Suite("Features in files of so many items")
struct FeatureShardsTests {
  private func withFeatures(_ body: (SquareFeatures) throws -> Void) throws {
    try withTemporaryFolder { (folder: URL) throws in
      try body(SquareFeatures(folder: folder.appendingPathComponent("features")))
    }
  }

  @Test("what was encoded is found again by its key, is not encoded again, and by another key all is")
  func keys() throws {
    try withFeatures { (features: SquareFeatures) throws in
      #expect(FeatureShards.open(features.folder) == nil)
      let made = try features.encode()
      #expect(try features.values(made) == features.expected)
      #expect(try features.files().count == 8)
      let log = SquareFeatures.Log()
      #expect(try features.values(features.encode(log)) == features.expected)
      #expect(log.encoded.isEmpty && log.notes.isEmpty && log.progress == [46])
      let opened = try #require(FeatureShards.open(features.folder, key: "k"))
      #expect(try opened.rows("value", of: [45, 0, 17]).select(dim: 1, index: 299).floats() == [2324, 299, 588])
      #expect(FeatureShards.open(features.folder)?.count == 46)
      #expect(FeatureShards.open(features.folder, key: "other") == nil)

      // Fewer items of another key: no earlier file is left.
      let other = SquareFeatures(folder: features.folder, key: "other", count: 10)
      #expect(try other.values(other.encode(log)) == other.expected)
      #expect(log.encoded == [0..<3, 3..<6, 6..<9, 9..<10])
      #expect(log.notes.count == 1 && log.notes[0].contains("have changed"))
      #expect(try features.files().count == 2)
      #expect(FeatureShards.open(features.folder, key: "k") == nil)
    }
  }

  @Test("a stop after any batch keeps what was encoded, and going on ends with the same bytes", arguments: 0...16)
  func stop(after batches: Int) throws {
    try withFeatures { (features: SquareFeatures) throws in
      let whole = SquareFeatures(folder: features.folder.deletingLastPathComponent().appendingPathComponent("whole"))
      _ = try whole.encode()
      let first = SquareFeatures.Log()
      if batches < 16 {
        #expect(throws: EncodingStopped(reason: .stopped)) { try features.encode(first, stopAfter: batches) }
        #expect(FeatureShards.open(features.folder) == nil)
      }
      let log = SquareFeatures.Log()
      _ = try features.encode(log)
      #expect(first.encoded.count + log.encoded.count == 16)
      #expect(log.encoded.first?.lowerBound == min(3 * batches, batches < 16 ? 46 : 0))
      #expect(log.progress.last == 46 && log.progress == log.progress.sorted())
      #expect(try features.files() == whole.files())
    }
  }

  enum Damage: CaseIterable {
    case removed, empty, truncated, longer, flippedHeader, flippedContent, flippedNote, replaced
  }

  @Test("a damaged file is encoded again, alone, and said so", arguments: Damage.allCases)
  func damage(_ damage: Damage) throws {
    try withFeatures { (features: SquareFeatures) throws in
      _ = try features.encode()
      let before = try features.files()
      var bytes = try Data(contentsOf: features.file(3))
      switch damage {
      case .removed: try FileManager.default.removeItem(at: features.file(3))
      case .empty: bytes = Data()
      case .truncated: bytes.removeLast()
      case .longer: bytes.append(0)
      case .flippedHeader: bytes[9] ^= 1
      case .flippedContent: bytes[bytes.count - 1000] ^= 4
      case .flippedNote:
        let place = try #require(bytes.firstRange(of: Data("\"sum\":\"".utf8)))
        bytes[place.upperBound] = bytes[place.upperBound] == 0x31 ? 0x32 : 0x31
      case .replaced: bytes = try Data(contentsOf: features.file(2))
      }
      if damage != .removed { try bytes.write(to: features.file(3)) }
      // What is not whole is not opened; a bit of the content shows when all of it is read.
      let isSeen = ![.flippedContent, .flippedNote].contains(damage)
      #expect((FeatureShards.open(features.folder, key: "k") == nil) == isSeen)
      let log = SquareFeatures.Log()
      #expect(try features.values(features.encode(log)) == features.expected)
      #expect(log.encoded == [18..<21, 21..<24])
      #expect(log.notes.count == (damage == .removed ? 0 : 1))
      #expect(log.notes.allSatisfy { $0.contains("000003.safetensors damaged") && !$0.contains("\n") })
      #expect(try features.files() == before)
    }
  }

  @Test("killed at two moments, an encoding ends with the bytes of one that was not")
  func twoKills() async throws { try await checkKills(2, seed: 6) }

  @Test("killed at ten moments, an encoding ends with the bytes of one that was not", .slow, .tags(.slow))
  func tenKills() async throws { try await checkKills(10, seed: 5) }

  private func checkKills(_ count: Int, seed: UInt64) async throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-kills-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let whole = SquareFeatures(folder: root.appendingPathComponent("whole"), count: 900)
    _ = try whole.encode()
    let killed = SquareFeatures(folder: root.appendingPathComponent("killed"), count: 900)
    var random = SplitMix64(seed: seed)
    for _ in 0..<count {
      let batches = 1 + random.next(below: 18)
      let microseconds = random.next(below: 2000)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = killed.folder.path as String, batches = batches as Int, microseconds = microseconds as Int] in
        var done = 0
        _ = try SquareFeatures(folder: URL(fileURLWithPath: path), count: 900).encode {
          done += 1
          guard done == batches else { return }
          // From another thread: the moment falls anywhere in what follows.
          Thread.detachNewThread {
            usleep(UInt32(microseconds))
            kill(getpid(), SIGKILL)
          }
        }
        sleep(1)
      }
      AtomicFile.removeLeftovers(in: killed.folder.path)
    }
    let log = SquareFeatures.Log()
    _ = try killed.encode(log)
    #expect(log.notes.isEmpty)
    #expect(!log.encoded.isEmpty && log.encoded.count < 300)
    #expect(try killed.files() == whole.files())
  }
}

#if os(Linux)
  @Suite("Features on a disk that is full")
  struct FullDiskTests {
    /// Whether a disk can be mounted: root alone may.
    static let canMount: Bool = {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-mount-\(UUID())")
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
      umount(folder.path)
      return true
    }()

    @Test(
      "says so in one line, keeps what is stored, and goes on once there is room",
      .enabled(if: canMount, "mounting a small disk takes root and the right to mount"))
    func fullDisk() throws {
      try withTemporaryFolder { (folder: URL) throws in
        let disk = folder.appendingPathComponent("disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        // Eight files of 7 KB.
        #expect(mount("tmpfs", disk.path, "tmpfs", 0, "size=40k") == 0)
        defer { umount(disk.path) }
        let features = SquareFeatures(folder: disk.appendingPathComponent("features"))
        let error = #expect(throws: FileAccessError.self) { try features.encode() }
        #expect(error?.reason == .diskFull)
        #expect(error.map { !"\($0)".contains("\n") } == true)
        let stored = try features.files()
        #expect((1...6).contains(stored.count) && stored.keys.allSatisfy { $0.hasSuffix(".safetensors") })
        #expect(mount("tmpfs", disk.path, "tmpfs", UInt(MS_REMOUNT), "size=400k") == 0)
        let log = SquareFeatures.Log()
        #expect(try features.values(features.encode(log)) == features.expected)
        #expect(log.encoded.first?.lowerBound == 6 * stored.count)
        #expect(try features.files().filter { stored[$0.key] != nil } == stored)
      }
    }
  }
#endif
