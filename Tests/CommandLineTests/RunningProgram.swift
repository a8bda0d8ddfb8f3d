import Foundation

/// The built `thorax`, begun and left to itself.
final class RunningProgram {
  let process = Process()
  private let errorFile: URL

  init(_ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws {
    errorFile = folder.appendingPathComponent(".running-\(UUID().uuidString)")
    try Data().write(to: errorFile)
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
      .merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
  }

  /// What it has written to standard error so far.
  var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

  /// Waits for a moment; returns false if it does not come.
  func waitUntil(_ moment: () -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: Program.patience)
    while !moment() {
      if Date() > deadline { return false }
      Thread.sleep(forTimeInterval: 0.005)
    }
    return true
  }

  /// Ends the process by a signal, if it runs, and waits until it has.
  func end(_ signal: Int32 = SIGKILL) {
    if process.isRunning { kill(process.processIdentifier, signal) }
    process.waitUntilExit()
  }
}
