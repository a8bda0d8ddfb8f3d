import Foundation

/// Parts of a path as text. (`NSString`'s path methods trap on names such as "x." outside Apple's systems.)
enum PathName {
  /// The folder part without its slash: "." where there is none, "/" for the root.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    let folder = path[..<slash].reversed().drop { $0 == "/" }.reversed()
    return folder.isEmpty ? "/" : String(folder)
  }

  static func file(of path: String) -> Substring {
    path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
  }

  /// What follows the last dot of the file's name; empty without one, and for hidden files such as ".png".
  static func `extension`(of path: String) -> String {
    let name = file(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return String(name[name.index(after: dot)...])
  }

  static func removingExtension(_ path: String) -> String {
    let suffix = `extension`(of: path)
    return suffix.isEmpty ? path : String(path.dropLast(suffix.count + 1))
  }

  static func joined(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder == "." ? name : "\(folder)/\(name)"
  }

  /// The path without empty and "." parts, so that two spellings of one file compare equal.
  static func normalized(_ path: String) -> String {
    (path.hasPrefix("/") ? "/" : "") + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
