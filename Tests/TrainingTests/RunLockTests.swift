import Foundation
import Testing

@testable import Training

@Suite("The lock of a run")
struct RunLockTests {
  /// Writes a process into the file of a run's lock.
  private func note(_ owner: RunLock.Owner, in run: URL) throws {
    try JSONEncoder().encode(owner).write(to: run.appendingPathComponent(".lock"))
  }

  private let here = ProcessInfo.processInfo.hostName

  /// A run with a stage that was begun.
  private func withRun(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { (run: URL) throws in
      let folder = RunFolder(run, stage: .autoencoder)
      try folder.create()
      let yaml = try ConfigurationResolver.yaml(AutoencoderRecipe())
      try Data(yaml.utf8).write(to: folder.configuration)
      try body(run)
    }
  }

  @Test("a process that was killed holds no run, whichever live process has its number now and wherever it ran")
  func stale() throws {
    try withRun { run in
      for owner in [
        RunLock.Owner(process: getpid(), host: here, since: Date()),
        RunLock.Owner(process: 1, host: "another-machine", since: Date()),
      ] {
        try note(owner, in: run)
        #expect(!RunLock.isHeld(run))
        let status = try RunStatus(of: run)
        #expect(status.state == .stopped && status.owner == nil)
        #expect(status.checkpoint == nil && status.rowInterval == Cadence().log)
        _ = try RunLock(run)
      }
    }
  }

  @Test("a run that is locked is in use, whatever its file says", arguments: ["", "{}", "dead"])
  func locked(text: String) throws {
    try withRun { run in
      let lock = try RunLock(run)
      try withExtendedLifetime(lock) {
        #expect(RunLock.owner(of: run)?.process == getpid())
        // A number that no process has.
        let dead = RunLock.Owner(process: .max, host: here, since: Date(timeIntervalSince1970: 0))
        try Data(text.utf8).write(to: run.appendingPathComponent(".lock"))
        if text == "dead" { try note(dead, in: run) }
        let status = try RunStatus(of: run)
        #expect(status.state == .running)
        #expect(status.owner?.process == (text == "dead" ? Int(Int32.max) : nil))
        let error = TrainingError.runInUse(
          path: run.path, process: status.owner?.process, host: text == "dead" ? here : nil,
          since: text == "dead" ? dead.since : nil)
        #expect(throws: error) { _ = try RunLock(run) }
      }
    }
  }

  @Test("looking at a run does not keep another process from starting in it")
  func looking() throws {
    try withRun { run in
      _ = try RunLock(run)
      // As `isHeld` of another process does, for as long as a busy machine may stop it in between.
      let descriptor = open(run.appendingPathComponent(".lock").path, O_RDONLY)
      #expect(flock(descriptor, LOCK_SH | LOCK_NB) == 0)
      Thread.detachNewThread {
        usleep(30_000)
        close(descriptor)
      }
      _ = try RunLock(run)
    }
  }
}
