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
    let file = path.onOneLine(limit: 160)
    return switch reason {
    case .notFound: "\(file): no such file: check the path"
    case .folderNotFound: "\(file): its folder does not exist: create the folder first"
    case .permissionDenied: "\(file): permission to \(operation) denied: check the owner and mode of file and folder"
    case .readOnlyFileSystem: "\(file): the file system is read-only: choose another place"
    case .isFolder: "\(file): is a folder: name a file"
    case .notRegularFile: "\(file): is no regular file: name a regular file"
    case .alreadyExists: "\(file): already exists: choose another name, or pass --overwrite"
    case .diskFull: "\(file): no space left: free some or choose another disk; nothing was changed"
    case .tooManyOpenFiles: "\(file): too many open files: raise the limit (ulimit -n)"
    case .invalidPath: "\(file): not a usable path: choose a shorter, plain name"
    case .system(let code): "\(file): cannot \(operation): \(String(cString: strerror(code)))"
    }
  }
}
