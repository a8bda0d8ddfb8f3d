import Foundation

/// The built `thorax`, run as a user runs it: as a process of its own.
enum Program {
  struct Result {
    var status: Int32
    /// Whether a signal ended the process, which no input may bring about.
    var wasKilled: Bool
    var output: String
    var errors: String

    var errorLines: [Substring] { errors.split(separator: "\n", omittingEmptySubsequences: true) }
  }

  /// The executable beside the test bundle, or `THORAX_BINARY`.
  static let path: String = {
    if let given = ProcessInfo.processInfo.environment["THORAX_BINARY"] { return given }
    #if os(Linux)
      let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
      let folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
    #else
      let folder = Bundle(for: Anchor.self).bundleURL.deletingLastPathComponent()
    #endif
    return folder.appendingPathComponent("thorax").path
  }()

  /// Seconds after which a run counts as hung.
  static let patience = 120.0

  /// Runs the program with `arguments` in `folder` and waits for its end.
  ///
  /// - Parameters:
  ///   - shell: What a shell does first; the program follows as its last words.
  ///   - ending: What the shell's line ends with, after the program: a redirection, a pipe.
  ///   - signal: What to send it as soon as `moment` says so.
  static func run(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:], shell: String? = nil,
    ending: String? = nil, signal: Int32? = nil, patience: Double = patience, when moment: () -> Bool = { false }
  ) throws -> Result {
    let process = Process()
    let line = shell == nil && ending == nil ? nil : "\(shell ?? "") \"$0\" \"$@\" \(ending ?? "")"
    process.executableURL = URL(fileURLWithPath: line == nil ? path : "/bin/sh")
    process.arguments = line.map { ["-c", $0, path] + arguments } ?? arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files rather than pipes: nothing has to be drained while the process runs.
    let streams = try ["stdout", "stderr"].map { name -> (URL, FileHandle) in
      let url = folder.appendingPathComponent(".\(name)-\(UUID().uuidString)")
      guard FileManager.default.createFile(atPath: url.path, contents: nil) else { throw CocoaError(.fileWriteUnknown) }
      return (url, try FileHandle(forWritingTo: url))
    }
    defer { for (url, _) in streams { try? FileManager.default.removeItem(at: url) } }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = streams[0].1
    process.standardError = streams[1].1
    try process.run()
    let deadline = Date(timeIntervalSinceNow: patience)
    var pending = signal
    while process.isRunning, Date() < deadline {
      if let number = pending, moment() {
        kill(process.processIdentifier, number)
        pending = nil
      }
      Thread.sleep(forTimeInterval: 0.003)
    }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
      output: String(decoding: try Data(contentsOf: streams[0].0), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: streams[1].0), as: UTF8.self))
  }
}

private final class Anchor {}

/// A folder of its own for each case, gone afterwards.
func withTemporaryFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
