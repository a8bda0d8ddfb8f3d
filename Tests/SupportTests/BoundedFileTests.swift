import Foundation
import Testing

@testable import Support

@Suite struct BoundedFileTests {
  private func reason(_ path: String, limit: Int = 100) -> FileAccessError.Reason? {
    do throws(FileAccessError) {
      _ = try BoundedFile.contents(of: path, limit: limit)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func aFileIsReadUpToItsLimit() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("a").path
    let bytes = Data((0..<100).map { UInt8($0) })
    try bytes.write(to: URL(fileURLWithPath: file))
    #expect(try BoundedFile.contents(of: file, limit: 100) == bytes)
    #expect(reason(file, limit: 99) == .tooLarge(limit: 99))
    #expect(reason(folder.path) == .isFolder)
    #expect(reason(file + "b") == .notFound)
    #expect(reason("") == .invalidPath)
  }

  @Test func aDeviceWithoutAnEndIsLeftAtTheLimit() {
    #expect(reason("/dev/zero", limit: 1 << 20) == .tooLarge(limit: 1 << 20))
    #expect(reason("/dev/null") == nil)
  }

  @Test func aPipeIsReadToItsEnd() throws {
    let pipe = Pipe()
    pipe.fileHandleForWriting.write(Data("steps: 3".utf8))
    try pipe.fileHandleForWriting.close()
    let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
    #expect(try BoundedFile.contents(of: path) == Data("steps: 3".utf8))
  }

  @Test func aFullDiskSaysNothingOfOtherFiles() {
    let error = FileAccessError(path: "c.png", operation: .write, reason: .diskFull)
    #expect(!error.description.contains("nothing was changed"))
    #expect(error.description.hasPrefix("c.png: no space left: free some"))
  }

  @Test func aNameThatIsNoTextIsSaidToBe() {
    let error = FileAccessError(path: "caf\u{FFFD}.png", operation: .read, reason: .notFound)
    #expect(error.description.contains("rename it"))
    #expect(
      FileAccessError(path: "a", operation: .read, reason: .notFound).description == "a: no such file: check the path")
  }

  @Test func oneIsCountedInTheSingular() {
    #expect([0, 1, 2].map { $0.of("step") } == ["0 steps", "1 step", "2 steps"])
  }
}
