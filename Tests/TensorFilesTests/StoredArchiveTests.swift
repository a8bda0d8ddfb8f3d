import Support
import Testing

@testable import TensorFiles

/// Archives written by hand, one rule broken each.
@Suite struct StoredArchiveTests {
  /// A zip archive with knobs for everything that can lie.
  struct Archive {
    var entries: [(name: String, bytes: [UInt8])] = [("a", [1, 2]), ("b", [3])]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var localName: String?
    var sizeInDirectory: UInt32?
    var compressedSizeInDirectory: UInt32?
    var offsetShift = 0
    var sameOffset = false
    var count: UInt16?
    var directoryOffsetShift = 0
    var comment: [UInt8] = []
    var disk: UInt16 = 0
    var extra: [UInt8] = []
    var isZip64 = false

    static func little(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian, Array.init)
    }

    var bytes: [UInt8] {
      var bytes: [UInt8] = []
      var directory: [UInt8] = []
      for (name, content) in entries {
        let offset = sameOffset ? 0 : UInt32(max(0, bytes.count + offsetShift))
        let size = UInt32(content.count)
        let local = Array((localName ?? name).utf8)
        bytes += [0x50, 0x4B, 3, 4] + Self.little(UInt16(20)) + Self.little(flags) + Self.little(method)
        bytes += [UInt8](repeating: 0, count: 8) + Self.little(size) + Self.little(size)
        bytes += Self.little(UInt16(local.count)) + Self.little(UInt16(0)) + local + content
        directory += [0x50, 0x4B, 1, 2] + Self.little(UInt16(20)) + Self.little(UInt16(20)) + Self.little(flags)
        directory += Self.little(method) + [UInt8](repeating: 0, count: 8)
        directory += Self.little(compressedSizeInDirectory ?? sizeInDirectory ?? size)
        directory += Self.little(sizeInDirectory ?? size) + Self.little(UInt16(name.utf8.count))
        directory += Self.little(UInt16(extra.count)) + Self.little(UInt16(0)) + Self.little(disk)
        directory += [UInt8](repeating: 0, count: 6) + Self.little(offset) + Array(name.utf8) + extra
      }
      let start = bytes.count
      bytes += directory
      let total = UInt16(entries.count)
      if isZip64 {
        let record = bytes.count
        bytes += [0x50, 0x4B, 6, 6] + Self.little(UInt64(44)) + Self.little(UInt32(0)) + Self.little(UInt64(0))
        bytes += Self.little(UInt64(total)) + Self.little(UInt64(total)) + Self.little(UInt64(directory.count))
        bytes += Self.little(UInt64(start)) + [0x50, 0x4B, 6, 7] + Self.little(UInt32(0))
        bytes += Self.little(UInt64(record)) + Self.little(UInt32(1))
      }
      bytes += [0x50, 0x4B, 5, 6] + Self.little(disk) + Self.little(disk)
      bytes += Self.little(count ?? total) + Self.little(count ?? total)
      bytes += isZip64 ? [UInt8](repeating: 0xFF, count: 8) : Self.little(UInt32(directory.count))
      if !isZip64 { bytes += Self.little(UInt32(start + directoryOffsetShift)) }
      return bytes + Self.little(UInt16(comment.count)) + comment
    }
  }

  static func read(_ bytes: [UInt8]) throws(CheckpointFailure) -> [String: [UInt8]] {
    let file = MappedFile(bytes: bytes, name: "test")
    let archive = try StoredArchive(file.bytes)
    var contents: [String: [UInt8]] = [:]
    for name in archive.names {
      let range = try archive.range(of: name)
      contents[name] = range.map { Array(file.bytes[$0]) }
    }
    return contents
  }

  static func problem(_ change: (inout Archive) -> Void) -> CheckpointProblem? {
    var archive = Archive()
    change(&archive)
    do {
      _ = try read(archive.bytes)
      return nil
    } catch {
      return error.problem
    }
  }

  @Test func readsStoredEntries() throws {
    #expect(try Self.read(Archive().bytes) == ["a": [1, 2], "b": [3]])
    #expect(try Self.read(Archive(comment: Array("a comment PK\u{5}\u{6} inside".utf8)).bytes).count == 2)
    #expect(try Self.read(Archive(isZip64: true).bytes) == ["a": [1, 2], "b": [3]])
    #expect(try Self.read(Archive(entries: []).bytes) == [:])
  }

  @Test func readsZip64Fields() throws {
    let size = Archive.little(UInt64(2))
    let extra = [9, 0, 1, 0, 7] + Archive.little(UInt16(1)) + Archive.little(UInt16(16)) + size + size
    let archive = Archive(entries: [("a", [1, 2])], sizeInDirectory: .max, extra: extra, isZip64: true)
    #expect(try Self.read(archive.bytes) == ["a": [1, 2]])
    #expect(Self.problem { $0.sizeInDirectory = .max } == .malformedArchive("entry a has no zip64 size"))
  }

  @Test func refusesWhatLies() {
    let broken: [((inout Archive) -> Void, CheckpointProblem)] = [
      ({ $0.method = 8 }, .notStored(entry: "a", method: 8)),
      ({ $0.flags = 1 }, .malformedArchive("entry a is encrypted")),
      ({ $0.localName = "c" }, .malformedArchive("entry a has no header")),
      ({ $0.offsetShift = 1 }, .malformedArchive("entry a has no header")),
      ({ $0.sizeInDirectory = 9999 }, .malformedArchive("entry a is cut")),
      ({ $0.sizeInDirectory = 20 }, .malformedArchive("overlapping entry b")),
      ({ $0.compressedSizeInDirectory = 1 }, .malformedArchive("entry a is stored with two sizes")),
      ({ $0.sameOffset = true }, .malformedArchive("overlapping entry b")),
      ({ $0.entries[1].name = "a" }, .malformedArchive("entry a twice")),
      ({ $0.count = 3 }, .malformedArchive("its directory lists 2 entries, its end record says 3")),
      (
        { $0.directoryOffsetShift = 1 },
        .malformedArchive("its directory does not end where its end record begins")
      ),
      ({ $0.disk = 1 }, .malformedArchive("it has several parts")),
    ]
    for (change, problem) in broken { #expect(Self.problem(change) == problem) }
  }

  @Test func findsTheNamesBytesNotTheirLooks() throws {
    let archive = Archive(entries: [("caf\u{E9}", [1]), ("cafe\u{301}", [2])])
    let file = MappedFile(bytes: archive.bytes, name: "test")
    let read = try StoredArchive(file.bytes)
    #expect(try read.range(of: "caf\u{E9}").map { file.bytes[$0.lowerBound] } == 1)
    #expect(try read.range(of: "cafe\u{301}").map { file.bytes[$0.lowerBound] } == 2)
  }
}
