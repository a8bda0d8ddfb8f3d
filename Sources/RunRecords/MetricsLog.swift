import Foundation
import Support
import TensorFiles

/// `metrics.jsonl` of a stage: one row a line, appended as training goes on.
public struct MetricsLog: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  /// All rows that can be read, in the order in which they were written; none where there is no file.
  public func rows() -> [MetricsRow] { lines().compactMap { MetricsRow(line: $0) } }

  /// Removes the rows after `step`, which a resumed run writes again, and a line that a kill has cut off.
  ///
  /// - Throws: `FileAccessError` if the file cannot be read or replaced.
  public func truncate(after step: Int) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let kept = lines().filter { line in MetricsRow(line: line).map { $0.step <= step } ?? false }
    try AtomicFile.write(Array(kept.map { $0 + "\n" }.joined().utf8), to: url.path)
  }

  /// Appends one row.
  ///
  /// - Throws: `FileAccessError` if the file cannot be written.
  public func append(_ row: MetricsRow) throws {
    let line = try row.line()
    guard FileManager.default.fileExists(atPath: url.path) else { return try AtomicFile.write(line, to: url.path) }
    try AppendedFile.append(line, to: url)
  }

  private func lines() -> [Substring] {
    guard let data = try? Data(contentsOf: url) else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n")
  }
}

/// Files that grow at their end.
enum AppendedFile {
  /// Appends bytes and flushes them to the disk, so that a power cut leaves no checkpoint whose rows are gone.
  ///
  /// - Throws: `FileAccessError` if the file cannot be written.
  static func append(_ bytes: [UInt8], to url: URL) throws {
    do {
      let handle = try FileHandle(forWritingTo: url)
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(bytes))
      // Some file systems cannot flush.
      guard fsync(handle.fileDescriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
        throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
      }
    } catch {
      throw FileAccessError(path: url.path, operation: .write, error: error)
    }
  }
}
