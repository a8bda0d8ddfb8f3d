import SystemPackage

extension FilePath {
  /// Whether a folder is there, or a link that leads to one.
  public var isFolder: Bool { (try? stat().type) == .directory }

  /// Whether anything is there, or a link that leads to something.
  public var exists: Bool { (try? stat()) != nil }

  /// Whether anything is there, a link that leads nowhere included.
  public var isTaken: Bool { (try? stat(followTargetSymlink: false)) != nil }

  /// Bytes of the file; nil if nothing is there.
  public var byteCount: Int? { (try? stat()).map { Int($0.size) } }

  /// The folder that holds the file; "." for a name alone.
  public var folder: FilePath {
    let folder = removingLastComponent()
    return folder.isEmpty ? "." : folder
  }
}
