import SystemPackage

extension FilePath {
  /// Refuses a place where a file is already, unless `overwrite`: then only what is not a regular file. A link is replaced
  /// itself, and what it leads to stays.
  ///
  /// - Throws: ``OutputError/isDirectory(path:)``, ``OutputError/exists(path:)`` or
  ///   ``OutputError/notReplaced(path:reason:)``.
  public func checkReplaceable(overwrite: Bool) throws(OutputError) {
    // The limit of Linux, macOS and their file systems: a name that is too long is refused before the work, not after
    // it.
    if let name = lastComponent, name.string.utf8.count > 255 { throw .nameTooLong(path: string) }
    guard isTaken else { return }
    if isFolder { throw .isDirectory(path: string) }
    if !overwrite { throw .exists(path: string) }
    if let type = try? stat().type, type != .regular {
      throw .notReplaced(path: string, reason: "a device, a pipe or a socket")
    }
  }
}
