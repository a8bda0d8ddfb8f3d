import Foundation

/// A file mapped into memory, or bytes standing in for one. Unmapped when the last reference goes.
///
/// The mapping is private and writable: a write through it (a tensor updated in place) changes this
/// process's copy of the page and never the file. A file that another process truncates while it is mapped raises
/// SIGBUS on access, as any mapping does; writers that replace files by renaming (`AtomicFile`) are safe.
public final class MappedFile: @unchecked Sendable {
  /// The path as given, for messages.
  public let path: String
  /// The start of the file's bytes, page-aligned (16-byte aligned for bytes in memory). Valid while this object lives.
  public let baseAddress: UnsafeMutableRawPointer
  /// The length of the file in bytes.
  public let count: Int
  private let isMapped: Bool

  /// Maps the regular file at `path`.
  ///
  /// - Throws: ``FileAccessError`` if the file is missing, is no regular file, or cannot be mapped.
  public init(path: String) throws(FileAccessError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw FileAccessError(path: path, operation: .read, reason: .invalidPath)
    }
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileAccessError(path: path, operation: .read, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileAccessError(path: path, operation: .read, code: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileAccessError(path: path, operation: .read, reason: .isFolder)
    default: throw FileAccessError(path: path, operation: .read, reason: .notRegularFile)
    }
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      baseAddress = UnsafeMutableRawPointer.allocate(byteCount: 0, alignment: 16)
      isMapped = false
      return
    }
    let flags = MAP_PRIVATE | MAP_NORESERVE
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, flags, descriptor, 0), address != MAP_FAILED else {
      throw FileAccessError(path: path, operation: .read, code: errno)
    }
    baseAddress = address
    isMapped = true
  }

  /// Copies `bytes`; messages name `name` in place of a path.
  public init(bytes: some Collection<UInt8>, name: String) {
    path = name
    count = bytes.count
    baseAddress = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 16)
    isMapped = false
    UnsafeMutableRawBufferPointer(start: baseAddress, count: count).copyBytes(from: bytes)
  }

  deinit {
    if isMapped {
      munmap(baseAddress, count)
    } else {
      baseAddress.deallocate()
    }
  }

  /// The file's bytes. Valid while this object lives.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: baseAddress, count: count) }
}
