import Foundation

/// A file that could not be opened, read, created or written.
public struct FileAccessError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was being done to the file.
  public enum Operation: String, Sendable {
    case read, create, write
  }

  /// Why the system refused.
  public enum Reason: Equatable, Sendable {
    case notFound
    case folderNotFound
    case permissionDenied
    case readOnlyFileSystem
    case isFolder
    case notRegularFile
    case alreadyExists
    case diskFull
    case tooManyOpenFiles
    /// More bytes than are read of such a file.
    case tooLarge(limit: Int)
    case invalidPath
    case system(code: Int32)
  }

  public let path: String
  public let operation: Operation
  public let reason: Reason

  public init(path: String, operation: Operation, reason: Reason) {
    self.path = path
    self.operation = operation
    self.reason = reason
  }

  /// Maps a value of `errno`.
  init(path: String, operation: Operation, code: Int32) {
    let reason: Reason =
      switch code {
      case ENOENT: operation == .read ? .notFound : .folderNotFound
      case ENOTDIR: .folderNotFound
      case EACCES, EPERM: .permissionDenied
      case EROFS: .readOnlyFileSystem
      case EISDIR: .isFolder
      case EEXIST: .alreadyExists
      case ENOSPC, EDQUOT, EFBIG: .diskFull
      case EMFILE, ENFILE: .tooManyOpenFiles
      case ENAMETOOLONG, EILSEQ, ELOOP: .invalidPath
      default: .system(code: code)
      }
    self.init(path: path, operation: operation, reason: reason)
  }

  public var description: String {
    "\(path.onOneLine(limit: 160)): \(fact)" + (remedy.map { ": \($0)" } ?? "")
  }

  /// What is wrong, without the path and the remedy.
  public var fact: String {
    switch reason {
    case .notFound: "no such file"
    case .folderNotFound: "its folder does not exist"
    case .permissionDenied: "permission to \(operation) denied"
    case .readOnlyFileSystem: "the file system is read-only"
    case .isFolder: "is a folder"
    case .notRegularFile: "is no regular file"
    case .alreadyExists: "already exists"
    case .diskFull: "no space left"
    case .tooManyOpenFiles: "too many open files"
    case .tooLarge(let limit): "has more than the \(limit) bytes that are read"
    case .invalidPath: "not a usable path"
    case .system(let code): "cannot \(operation): \(String(cString: strerror(code)))"
    }
  }

  private var remedy: String? {
    switch reason {
    // What stands in a name for bytes that are no text is in no file's name.
    case .notFound: path.contains("\u{FFFD}") ? "its name may not be UTF-8, rename it" : "check the path"
    case .folderNotFound: "create the folder first"
    case .permissionDenied: "check the owner and mode of file and folder"
    case .readOnlyFileSystem: "choose another place"
    case .isFolder: "name a file"
    case .notRegularFile: "name a regular file"
    case .alreadyExists: "choose another name, or pass --overwrite"
    // Files that were written before stay, so nothing is said of them.
    case .diskFull: "free some or choose another disk; this file is as it was before"
    case .tooManyOpenFiles: "raise the limit (ulimit -n)"
    case .tooLarge: "give the file that belongs here"
    case .invalidPath: "choose a shorter, plain name"
    case .system: nil
    }
  }
}
