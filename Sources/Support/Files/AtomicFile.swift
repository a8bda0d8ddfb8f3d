import Foundation

/// A file that appears whole under its name or not at all.
///
/// The bytes go to a temporary file beside it, which `commit` flushes to the disk and renames. Where anything fails
/// before that, or the object goes away uncommitted, the temporary file is removed and what stood under the name
/// stays as it was.
public final class AtomicFile {
  /// What happens to a file that has the name already.
  public enum Mode: Sendable {
    /// It is replaced, and its permissions are kept.
    case replace
    /// It stays; creating fails with `alreadyExists`, also when two processes race for the name.
    case createNew
  }

  public let path: String
  private let mode: Mode
  private let temporaryPath: String
  private var descriptor: Int32
  /// Small writes are gathered to this many bytes.
  private static let bufferLimit = 1 << 16
  private var buffer: [UInt8] = []

  /// Creates the temporary file, so that a name that cannot be written is known before work is spent on the content.
  ///
  /// - Parameter isPrivate: Whether a new file is for its owner alone.
  /// - Throws: ``FileAccessError`` if the name is taken and not to be replaced, or no file can be made beside it.
  public init(path: String, mode: Mode = .replace, isPrivate: Bool = false) throws(FileAccessError) {
    func failure(_ reason: FileAccessError.Reason) -> FileAccessError {
      FileAccessError(path: path, operation: .create, reason: reason)
    }
    guard !path.isEmpty, !path.utf8.contains(0), !path.hasSuffix("/") else { throw failure(.invalidPath) }
    var permissions: mode_t?
    var status = stat()
    if lstat(path, &status) == 0 {
      if mode == .createNew { throw failure(.alreadyExists) }
      // What a link points to is what must be replaceable; the link itself gives way to the file.
      if stat(path, &status) == 0 {
        switch status.st_mode & S_IFMT {
        case S_IFREG: permissions = status.st_mode & 0o777
        case S_IFDIR: throw failure(.isFolder)
        default: throw failure(.notRegularFile)
        }
      }
    }
    let (folder, name) = Self.split(path)
    let temporaryPath = folder + Self.temporaryName(for: name)
    let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isPrivate ? 0o600 : 0o666)
    guard descriptor >= 0 else { throw FileAccessError(path: path, operation: .create, code: errno) }
    if let permissions { fchmod(descriptor, permissions) }
    self.path = path
    self.mode = mode
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileAccessError`` if the disk is full or writing fails.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileAccessError) {
    if buffer.count + bytes.count <= Self.bufferLimit {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    try writeThrough(bytes)
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileAccessError`` if the disk is full or writing fails.
  public func write(_ bytes: [UInt8]) throws(FileAccessError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(FileAccessError) in try write(UnsafeRawBufferPointer(bytes)) }
  }

  /// Puts the content on the disk and the file under its name. Nothing may be written afterwards.
  ///
  /// - Throws: ``FileAccessError`` if the content cannot be written or the name was taken meanwhile.
  public func commit() throws(FileAccessError) {
    precondition(descriptor >= 0, "commit is called once")
    try flush()
    // Some file systems cannot flush and return EINVAL; a real failure must not be renamed into place.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw writeFailure(errno) }
    let closed = close(descriptor)
    let closingError = errno
    descriptor = -1
    do throws(FileAccessError) {
      guard closed == 0 || closingError == EINTR else { throw writeFailure(closingError) }
      try publish()
    } catch {
      unlink(temporaryPath)
      throw error
    }
    flushFolder()
  }

  /// Writes `bytes` as the file's whole content.
  ///
  /// - Throws: ``FileAccessError`` if the name is taken and not to be replaced, or the content cannot be written.
  public static func write(
    _ bytes: [UInt8], to path: String, mode: Mode = .replace, isPrivate: Bool = false
  ) throws(FileAccessError) {
    let file = try AtomicFile(path: path, mode: mode, isPrivate: isPrivate)
    try file.write(bytes)
    try file.commit()
  }

  // MARK: Private

  private func flush() throws(FileAccessError) {
    guard !buffer.isEmpty else { return }
    try buffer.withUnsafeBufferPointer { (bytes) throws(FileAccessError) in
      try writeThrough(UnsafeRawBufferPointer(bytes))
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(FileAccessError) {
    precondition(descriptor >= 0, "nothing is written after commit")
    var rest = bytes
    while let address = rest.baseAddress, !rest.isEmpty {
      // One call takes at most 2 GiB on Linux and fails above that on macOS.
      let written = systemWrite(descriptor, address, min(rest.count, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw writeFailure(errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  private func writeFailure(_ code: Int32) -> FileAccessError {
    FileAccessError(path: path, operation: .write, code: code)
  }

  private func publish() throws(FileAccessError) {
    switch mode {
    case .replace:
      guard rename(temporaryPath, path) == 0 else { throw FileAccessError(path: path, operation: .create, code: errno) }
    case .createNew:
      // A hard link never replaces, unlike rename.
      if link(temporaryPath, path) == 0 {
        unlink(temporaryPath)
        return
      }
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else {
        throw FileAccessError(path: path, operation: .create, code: errno)
      }
      // File systems without hard links: claim the name exclusively, then rename over the claim.
      let claim = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard claim >= 0 else { throw FileAccessError(path: path, operation: .create, code: errno) }
      close(claim)
      guard rename(temporaryPath, path) == 0 else {
        let code = errno
        unlink(path)
        throw FileAccessError(path: path, operation: .create, code: code)
      }
    }
  }

  /// Makes the new name itself survive a power cut. The file is in place whether or not this succeeds.
  private func flushFolder() {
    let (folder, _) = Self.split(path)
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// The folder with its slash (empty for the working folder), and the name in it.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }

  /// A hidden name that no other writer uses. The original is cut so that the whole stays below 255 bytes.
  private static func temporaryName(for name: String) -> String {
    let stem = String(decoding: name.utf8.prefix(180), as: UTF8.self).replacing("\u{FFFD}", with: "")
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    return ".\(stem).\(getpid())-\(random).tmp"
  }
}

/// `write` of the system, which inside `AtomicFile` is hidden by its own.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
