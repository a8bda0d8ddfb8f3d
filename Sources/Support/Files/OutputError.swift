/// Why a file or a folder cannot be put where it was asked for.
public enum OutputError: Error, Equatable, CustomStringConvertible {
  case exists(path: String)
  case isDirectory(path: String)
  case folder(path: String, reason: String)
  /// More than 255 bytes.
  case nameTooLong(path: String)
  /// Two images of one call would land in the same file.
  case duplicate(path: String)
  /// Another file of the call would have the name of the latents.
  case latentsOverAnother(path: String)
  /// The command could not have written what is there; `reason` says what it is.
  case notReplaced(path: String, reason: String)

  public var description: String {
    switch self {
    case .exists(let path): "'\(path)' exists: choose another name, or replace it with --overwrite"
    case .isDirectory(let path): "'\(path)' is a folder: end it in / to write into it"
    case .folder(let path, let reason): "cannot create files in '\(path)' (\(reason)): choose a folder you may write to"
    case .nameTooLong(let path): "the name of '\(path.prefix(80))...' is too long for a file: give at most 255 bytes"
    case .duplicate(let path): "two images would be written to '\(path)': give each its own name"
    case .latentsOverAnother(let path):
      "'\(path)' would be both the latents and an image: give --save-latents a name of its own"
    case .notReplaced(let path, let reason): "'\(path)' is not replaced, it is \(reason): choose another name"
    }
  }
}
