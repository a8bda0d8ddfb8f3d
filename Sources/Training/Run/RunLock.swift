import Foundation
import Support
import TensorFiles

/// The right to write into a run's folder, which one process has at a time, for both stages.
///
/// The system holds the lock on an open file and takes it back when the process ends, however it ends. The file stays: a
/// process that removed it could take it from one that has just opened it. Reading a run needs no lock.
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
    // Nothing is kept before the lock is ours: the end of this object would empty the owner's record.
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileAccessError(
        path: path, operation: .create, error: NSError(domain: NSPOSIXErrorDomain, code: Int(errno)))
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      let owner = Self.owner(in: run)
      close(descriptor)
      throw TrainingError.runInUse(
        path: run.path, process: owner.map { Int($0.process) }, host: owner?.host, since: owner?.since)
    }
    // File systems that know no locks are written to as they always were.
    self.descriptor = descriptor
    record()
  }

  deinit {
    ftruncate(descriptor, 0)
    close(descriptor)
  }

  /// Locks a run that was locked before; returns nil if the folder has never been.
  ///
  /// - Throws: as ``init(_:)``.
  static func again(_ run: URL) throws -> RunLock? {
    FileManager.default.fileExists(atPath: file(in: run).path) ? try RunLock(run) : nil
  }

  /// The process that trains in a run, if it lives or lives on another machine, which cannot be asked.
  static func holder(of run: URL) -> Owner? {
    guard let data = try? Data(contentsOf: file(in: run)),
      let owner = try? JSONDecoder().decode(Owner.self, from: data)
    else { return nil }
    return lives(owner) ? owner : nil
  }

  private static func lives(_ owner: Owner) -> Bool {
    owner.host != ProcessInfo.processInfo.hostName || kill(owner.process, 0) == 0 || errno == EPERM
  }

  private static func file(in run: URL) -> URL { run.appendingPathComponent(".lock") }

  private func record() {
    let owner = Owner(process: getpid(), host: ProcessInfo.processInfo.hostName, since: Date())
    guard let text = try? JSONEncoder().encode(owner) else { return }
    ftruncate(descriptor, 0)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  /// The owner as it has written itself down, which it does right after it has got the lock: until then the file is
  /// empty, or holds a process that was killed.
  private static func owner(in run: URL) -> Owner? {
    var found: Owner?
    for _ in 0..<50 {
      found = (try? Data(contentsOf: file(in: run))).flatMap { try? JSONDecoder().decode(Owner.self, from: $0) }
      if let found, lives(found) { return found }
      usleep(20_000)
    }
    return found
  }
}
