import Foundation
import TestSupport
import Testing

/// The tiny model, and a working folder beside it, for a run of the program.
struct Workplace {
  let model: TinyModel
  let folder: URL

  /// Runs the program with one thread: the model is tiny, and tests share the machine.
  ///
  /// - Parameters:
  ///   - shell: What a shell does first; the program follows as its last words.
  ///   - ending: What the shell's line ends with, after the program.
  func run(
    _ arguments: [String], environment: [String: String] = [:], shell: String? = nil, ending: String? = nil,
    signal: Int32? = nil, when moment: () -> Bool = { false }
  ) throws -> Program.Result {
    try Program.run(
      arguments, in: folder, environment: self.environment.merging(environment) { $1 }, shell: shell, ending: ending,
      signal: signal, when: moment)
  }

  /// Where the program finds the tiny model, and nothing of the user's.
  var environment: [String: String] {
    model.environment.merging(["HOME": folder.path, "XDG_CACHE_HOME": "", "OMP_NUM_THREADS": "1"]) { $1 }
  }

  func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  /// The images that can be seen, by path.
  func images() throws -> [String] {
    try files().filter { $0.hasSuffix(".png") && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
  }

  /// Every image that can be seen begins and ends as a PNG does.
  func expectWholePNGs() throws {
    for name in try images() {
      let png = try data(name)
      #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]) && png.dropLast(4).suffix(4) == Data("IEND".utf8), "\(name)")
    }
  }

  /// The files in the working folder, hidden ones included.
  func files() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() }
}

func withWorkplace<Value>(_ body: (Workplace) throws -> Value) throws -> Value {
  try withTemporaryFolder { root in
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    let folder = root.appendingPathComponent("work")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try body(Workplace(model: try TinyModel(at: root, fixtures: fixtures), folder: folder))
  }
}

/// A disk so small that it soon is full.
struct FullDisk {
  private let folder: URL

  init(at folder: URL, bytes: Int) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard Self.run("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder.path]) else {
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  /// Makes the disk one that can only be read; returns false if that is not possible.
  func forbidWriting() -> Bool { Self.run("mount", ["-o", "remount,ro", folder.path]) }

  func unmount() { _ = Self.run("umount", [folder.path]) }

  static let isPossible: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    guard let disk = try? FullDisk(at: folder, bytes: 4_096) else { return false }
    disk.unmount()
    return true
  }()

  private static func run(_ tool: String, _ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
