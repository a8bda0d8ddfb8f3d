import Foundation
import SystemPackage

extension FilePath {
  /// Makes the folder, with those above it, and sees that files can be made in it.
  ///
  /// - Throws: ``OutputError/folder(path:reason:)`` with the system's own reason.
  public func makeWritableFolder() throws(OutputError) {
    try make(for: self)
    guard access(string, W_OK | X_OK) == 0 else {
      throw .folder(path: string, reason: String(cString: strerror(errno)))
    }
  }

  /// `mkdir -p`; `wanted` is what errors name.
  private func make(for wanted: FilePath) throws(OutputError) {
    if mkdir(string, 0o777) == 0 { return }
    var reason = errno
    if reason == ENOENT, self != folder {
      try folder.make(for: wanted)
      if mkdir(string, 0o777) == 0 { return }
      reason = errno
    }
    if reason == EEXIST {
      if isFolder { return }
      reason = ENOTDIR
    }
    throw .folder(path: wanted.string, reason: String(cString: strerror(reason)))
  }
}
