import Foundation

extension ContentHash {
  /// What a hash was computed of: another file of the same name differs in one of these.
  private struct FileState: Equatable {
    var size: Int?
    var number: Int?
    var changed: Date?

    init(_ path: String) {
      // Of the file that a link leads to.
      let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      let attributes = (try? FileManager.default.attributesOfItem(atPath: target)) ?? [:]
      size = (attributes[.size] as? NSNumber)?.intValue
      number = (attributes[.systemFileNumber] as? NSNumber)?.intValue
      changed = attributes[.modificationDate] as? Date
    }
  }

  private final class Remembered: @unchecked Sendable {
    private let lock = NSLock()
    // Guarded by `lock`.
    private var hashes: [String: (state: FileState, hash: String)] = [:]

    subscript(path: String) -> (state: FileState, hash: String)? {
      get { lock.withLock { hashes[path] } }
      set { lock.withLock { hashes[path] = newValue } }
    }
  }

  private static let remembered = Remembered()

  /// The hash of a file, which this process computes again only if the file's size, time of change or inode number has
  /// changed since the last call: for large files that are asked for more than once.
  ///
  /// - Throws: ``FileAccessError`` if the file cannot be read.
  public static func ofUnchangedFile(_ path: String) throws(FileAccessError) -> String {
    let state = FileState(path)
    if let known = remembered[path], known.state == state { return known.hash }
    let hash = try ofFile(path)
    remembered[path] = (state, hash)
    return hash
  }
}
