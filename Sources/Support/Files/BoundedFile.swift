import Foundation

/// Reading a file whole that a user names, and that is small if it is what it should be: settings, prompts, a card.
public enum BoundedFile {
  /// The bytes of a file, also of a pipe, to its end: pipes and devices have no size to trust. No more than `limit` bytes
  /// and a little are ever read, so that a device without an end neither hangs nor fills the memory.
  ///
  /// - Throws: ``FileAccessError`` for a folder, a file of more than `limit` bytes (``FileAccessError/Reason/tooLarge(limit:)``),
  ///   and what cannot be opened or read.
  public static func contents(of path: String, limit: Int = 64 << 20) throws(FileAccessError) -> Data {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw FileAccessError(path: path, operation: .read, reason: .invalidPath)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileAccessError(path: path, operation: .read, code: errno) }
    defer { close(descriptor) }
    var data = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileAccessError(path: path, operation: .read, code: errno) }
      if count == 0 { return data }
      data.append(contentsOf: chunk[..<count])
      guard data.count <= limit else {
        throw FileAccessError(path: path, operation: .read, reason: .tooLarge(limit: limit))
      }
    }
  }
}
