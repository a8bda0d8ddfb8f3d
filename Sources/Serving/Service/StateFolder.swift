import Foundation
import GRDB
import Support
import SystemPackage

/// The folder in which a service keeps its databases and images. Only its user may read it.
struct StateFolder: Sendable {
  let path: String

  /// Makes the folder if it is not there.
  ///
  /// - Throws: ``ServingError/state(folder:reason:)`` if that is not possible.
  init(_ path: String) throws(ServingError) {
    self.path = path
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .state(folder: path, reason: error.localizedDescription)
    }
    // One that was there before may have been open to others. That of somebody else cannot be changed, nor trusted.
    guard chmod(path, 0o700) == 0 else { throw .state(folder: path, reason: String(cString: strerror(errno))) }
  }

  /// Opens a database in the folder and has its tables made.
  ///
  /// - Throws: ``ServingError/state(folder:reason:)`` if that is not possible.
  func database(
    _ name: String, isDurable: Bool = false, prepare: (Database) throws -> Void
  ) throws(ServingError) -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.journalMode = .wal
    // Survives a killed process either way; the audit log survives a power cut too.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")") }
    let file = FilePath(path).appending(name).string
    do {
      let database = try DatabaseQueue(path: file, configuration: configuration)
      try database.write(prepare)
      chmod(file, 0o600)
      return database
    } catch {
      throw .state(folder: path, reason: "\(name): \(Self.reason(error))")
    }
  }

  /// What is wrong with a database, without its statement.
  static func reason(_ error: any Error) -> String {
    (error as? DatabaseError).map { $0.message ?? "\($0.resultCode)" } ?? "\(error)"
  }

  /// Claims the folder for this process until the result goes away. One that is being given back is waited for, a second at
  /// most: the answers of a service that has just ended may still be on their way.
  ///
  /// - Throws: ``ServingError/stateInUse(folder:)`` if another service has it.
  func lock() throws(ServingError) -> StateLock {
    let file = FilePath(path).appending("lock").string
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .state(folder: path, reason: String(cString: strerror(errno))) }
    for _ in 0..<20 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return StateLock(descriptor: descriptor) }
      usleep(50_000)
    }
    close(descriptor)
    throw .stateInUse(folder: path)
  }
}

/// A claim on a folder, given back when the object goes away or the process ends.
final class StateLock: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }
}

extension APIError {
  /// What an error of the service's own files means to a client.
  init(storage error: any Error, code: Code = .internal) {
    // SQLite's own index beside the log has codes of its own for a full disk.
    let codes: [ResultCode] = [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_FSYNC]
    let database = error as? DatabaseError
    let isFull =
      database?.resultCode == .SQLITE_FULL || database.map { codes.contains($0.extendedResultCode) } ?? false
      || (error as? FileAccessError)?.reason == .diskFull
    self =
      isFull
      ? APIError(.storageFull, "the service has no space left: try again when its host has made some", retryAfter: 60)
      : APIError(code, "the service could not keep its records: see its log", retryAfter: code == .internal ? nil : 60)
  }
}
