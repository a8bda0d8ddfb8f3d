import Foundation
import Support
import TensorFiles

/// The right to write into a run's folder, which one process has at a time, for both stages.
///
/// The lock is the operating system's, on an open file: it ends with the process, however that ends. The file stays:
/// removing it could remove it under a process that has just opened it. Reading a run needs no lock.
final class RunLock {
  /// The process that holds a lock.
  struct Owner: Codable, Equatable {
    var process: Int32
    var host: String
    var since: Date
  }

  private let descriptor: Int32

  /// Locks a run whose folder is there or can be made.
  ///
  /// - Throws: ``TrainingError/runInUse(path:process:host:since:)`` if another process holds the lock,
  ///   ``TrainingError/notAFolder(path:)``, `FileAccessError`.
  init(_ run: URL) throws {
    try RunFolder.createFolder(run)
    let path = Self.file(in: run).path
    // `self.descriptor` is set only once the lock is taken: `deinit` would empty the record of another owner.
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileAccessError(
        path: path, operation: .create, error: NSError(domain: NSPOSIXErrorDomain, code: Int(errno)))
    }
    guard Self.tryLocking(descriptor) else {
      let owner = Self.owner(of: run)
      close(descriptor)
      throw TrainingError.runInUse(
        path: run.path, process: owner.map { Int($0.process) }, host: owner?.host, since: owner?.since)
    }
    // On a file system without locks the run goes on without one.
    self.descriptor = descriptor
    record()
  }

  deinit {
    ftruncate(descriptor, 0)
    close(descriptor)
  }

  /// Locks a run that has a lock file; returns nil if it has none.
  ///
  /// - Throws: as ``init(_:)``.
  static func again(_ run: URL) throws -> RunLock? {
    FileManager.default.fileExists(atPath: file(in: run).path) ? try RunLock(run) : nil
  }

  /// Whether a process holds the lock of a run. The operating system decides, also on another machine that shares the
  /// folder.
  ///
  /// - Returns: false also if the file cannot be read or its file system has no locks.
  static func isHeld(_ run: URL) -> Bool {
    let descriptor = open(file(in: run).path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    // A lock that this call takes ends with the descriptor.
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// The process that holds the lock of a run or held it last, as it has recorded itself. Only for messages: the file
  /// is not the lock.
  static func owner(of run: URL) -> Owner? {
    (try? Data(contentsOf: file(in: run))).flatMap { try? JSONDecoder().decode(Owner.self, from: $0) }
  }

  /// Takes the lock if no process holds it; returns false if one does.
  ///
  /// Tries for a third of a second: ``isHeld(_:)`` in another process takes the lock for a moment, and a new owner
  /// records itself only after it has taken the lock.
  private static func tryLocking(_ descriptor: Int32) -> Bool {
    for _ in 0..<15 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return true }
      usleep(20_000)
    }
    return false
  }

  static func file(in run: URL) -> URL { run.appendingPathComponent(".lock") }

  private func record() {
    let owner = Owner(process: getpid(), host: ProcessInfo.processInfo.hostName, since: Date())
    guard let text = try? JSONEncoder().encode(owner) else { return }
    ftruncate(descriptor, 0)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }
}
