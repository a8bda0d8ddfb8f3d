import Foundation
import TestBasics
import Testing

@testable import Support

@Suite struct AtomicFileTests {
  @Test func appearsOnlyWhenCommitted() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    let file = try AtomicFile(path: path)
    try file.write([1, 2])
    try file.write([UInt8](repeating: 3, count: 200_000))
    try file.write([4])
    #expect(!FileManager.default.fileExists(atPath: path))
    try file.commit()
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2] + [UInt8](repeating: 3, count: 200_000) + [4]))
    #expect(try folder.names() == ["a"])
  }

  @Test func leavesTheOldFileWhenAbandoned() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    try AtomicFile.write([1], to: path)
    do {
      let file = try AtomicFile(path: path)
      try file.write([2])
      #expect(try folder.names().count == 2)
    }
    #expect(try folder.names() == ["a"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
  }

  @Test func replacingKeepsThePermissions() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    try AtomicFile.write([1], to: path)
    #expect(chmod(path, 0o640) == 0)
    try AtomicFile.write([2], to: path)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o640)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([2]))
  }

  @Test func createNewNeverReplaces() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    let early = try AtomicFile(path: path, mode: .createNew)
    let late = try AtomicFile(path: path, mode: .createNew)
    try early.write([1])
    try late.write([2])
    try early.commit()
    let exists = FileAccessError(path: path, operation: .create, reason: .alreadyExists)
    #expect(throws: exists) { try late.commit() }
    #expect(throws: exists) { try AtomicFile(path: path, mode: .createNew) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
    #expect(try folder.names() == ["a"])
  }

  @Test func oneOfManyRacersWinsAndItsFileIsWhole() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    let winners = await withTaskGroup(of: UInt8?.self) { group in
      for racer in UInt8(0)..<16 {
        group.addTask {
          let bytes = [UInt8](repeating: racer, count: 100_000)
          return (try? AtomicFile.write(bytes, to: path, mode: .createNew)).map { racer }
        }
      }
      return await group.reduce(into: [UInt8]()) { winners, racer in racer.map { winners.append($0) } }
    }
    try #require(winners.count == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(repeating: winners[0], count: 100_000))
    #expect(try folder.names() == ["a"])
  }

  @Test func saysWhyANameCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write([1], to: folder.path("file"))
    let cases: [(path: String, reason: FileAccessError.Reason)] = [
      (folder.url.path, .isFolder), (folder.path("missing/a"), .folderNotFound),
      (folder.path("file/a"), .folderNotFound),
      ("/dev/null", .notRegularFile), ("", .invalidPath), ("a\0b", .invalidPath),
      (folder.path("a") + "/", .invalidPath),
    ]
    for (path, reason) in cases {
      let error = FileAccessError(path: path, operation: .create, reason: reason)
      #expect(throws: error) { try AtomicFile(path: path) }
    }
  }

  @Test func takesTheLongestNameThatTheFileSystemTakes() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "\u{80BA}", count: 85)
    try AtomicFile.write([1], to: folder.path(name))
    #expect(try folder.names() == [name])
  }

  @Test func mapsTheSystemsErrors() {
    let expected: [(code: Int32, reason: FileAccessError.Reason)] = [
      (ENOSPC, .diskFull), (EDQUOT, .diskFull), (EFBIG, .diskFull), (EACCES, .permissionDenied),
      (EROFS, .readOnlyFileSystem), (EMFILE, .tooManyOpenFiles), (EIO, .system(code: EIO)),
    ]
    for (code, reason) in expected {
      #expect(FileAccessError(path: "a", operation: .write, code: code).reason == reason)
    }
  }

  #if os(Linux)
    // Needs the right to mount: a file system of 64 KiB is the full disk. Skipped for ordinary users.
    @Test(.enabled(if: SmallDisk.isAvailable, "mounting a small disk needs root"))
    func leavesTheOldFileAndNothingElseOnAFullDisk() throws {
      let disk = try SmallDisk()
      let path = disk.folder.path("a")
      try AtomicFile.write([1], to: path)
      let error = FileAccessError(path: path, operation: .write, reason: .diskFull)
      #expect(throws: error) { try AtomicFile.write([UInt8](repeating: 2, count: 1 << 20), to: path) }
      #expect(try disk.folder.names() == ["a"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
    }
  #endif
}

#if os(Linux)
  /// A disk of 64 KiB in memory, mounted on a temporary folder.
  final class SmallDisk {
    let folder: TemporaryFolder

    static let isAvailable = (try? SmallDisk()) != nil

    init() throws {
      folder = try TemporaryFolder()
      guard mount("tmpfs", folder.url.path, "tmpfs", 0, "size=64k") == 0 else {
        throw FileAccessError(path: folder.url.path, operation: .create, reason: .permissionDenied)
      }
    }

    deinit {
      umount(folder.url.path)
    }
  }
#endif
