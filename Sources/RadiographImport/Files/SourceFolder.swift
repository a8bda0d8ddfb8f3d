import Foundation
import RadiographData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What lies below a source's folder.
struct SourceFolder: Sendable {
  let root: URL
  /// Paths of files below the root, sorted by their bytes.
  private(set) var files: [String] = []
  /// Links that lead out of the root. They are not followed: a source from elsewhere could point anywhere.
  private(set) var outsideLinks: [String] = []

  /// Hidden files and folders and `__MACOSX` are passed over, as are links to folders: what is inside the root is
  /// found at its own place.
  ///
  /// - Throws: `DatasetError.sourceMissing` where there is no folder, `.inputOutput` where one cannot be listed.
  init(_ root: URL, where accepts: (_ pathExtension: String) -> Bool) throws(DatasetError) {
    self.root = root
    guard Self.isFolder(root) else {
      throw .sourceMissing(path: root.path, remedy: "name the folder that holds the unpacked source")
    }
    let home = Self.realPath(root.path).map { $0 == "/" ? "/" : $0 + "/" }
    var pending = [""]
    while let folder = pending.popLast() {
      let path = folder.isEmpty ? root.path : root.path + "/" + folder
      guard let stream = opendir(path) else {
        throw .inputOutput(path: path, reason: "the folder cannot be listed, \(String(cString: strerror(errno)))")
      }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = Self.name(of: entry)
        if name.hasPrefix(".") || name == "__MACOSX" { continue }
        let relative = folder.isEmpty ? name : folder + "/" + name
        switch Self.kind(of: entry, path: path + "/" + name) {
        case .folder: pending.append(relative)
        case .file: if accepts(Self.pathExtension(name)) { files.append(relative) }
        case .link:
          guard let target = Self.realPath(path + "/" + name) else { continue }
          let isInside = home.map { target.hasPrefix($0) } ?? false
          let isFolder = (try? URL(fileURLWithPath: target).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory
          if !isInside {
            if isFolder == true || accepts(Self.pathExtension(name)) { outsideLinks.append(relative) }
          } else if isFolder != true, accepts(Self.pathExtension(name)) {
            files.append(relative)
          }
        case .other: continue
        }
      }
    }
    files.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    outsideLinks.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The links that are left out, to be counted.
  var exclusions: [ImportExclusion] {
    outsideLinks.map { ImportExclusion(path: $0, reason: .outsideSource, detail: "a link out of the source's folder") }
  }

  /// Whether a file was found at a path; by bisection, since a set of all paths would cost as much again.
  func contains(_ path: String) -> Bool {
    var (low, high) = (0, files.count)
    while low < high {
      let middle = (low + high) / 2
      if files[middle].utf8.lexicographicallyPrecedes(path.utf8) { low = middle + 1 } else { high = middle }
    }
    return low < files.count && files[low] == path
  }

  func url(_ path: String) -> URL { URL(fileURLWithPath: root.path + "/" + path, isDirectory: false) }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Whether a path from a table stays below the folder that it is relative to.
  static func isContained(_ path: String) -> Bool {
    !path.isEmpty && !path.hasPrefix("/") && !path.utf8.contains(0) && !path.utf8.contains(UInt8(ascii: "\\"))
      && !path.split(separator: "/").contains("..")
  }

  /// In lower case, without the dot; empty where there is none.
  static func pathExtension(_ name: String) -> String {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
  }

  private enum Kind { case file, folder, link, other }

  private static func kind(of entry: UnsafeMutablePointer<dirent>, path: String) -> Kind {
    switch Int32(entry.pointee.d_type) {
    case Int32(DT_REG): return .file
    case Int32(DT_DIR): return .folder
    case Int32(DT_LNK): return .link
    case Int32(DT_UNKNOWN): break
    default: return .other
    }
    // Some file systems do not say.
    var status = stat()
    guard lstat(path, &status) == 0 else { return .other }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case S_IFLNK: return .link
    default: return .other
    }
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    let start = UnsafeRawPointer(entry) + offset
    return String(cString: start.assumingMemoryBound(to: CChar.self))
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// Finds image files below a folder.
enum ImageScanner {
  static let extensions: Set<String> = ["png", "jpg", "jpeg"]

  /// Paths relative to `root`, sorted by their bytes.
  static func images(below root: URL) throws(DatasetError) -> [String] {
    try files(below: root) { extensions.contains($0) }
  }

  static func files(
    below root: URL, where accepts: (_ pathExtension: String) -> Bool
  ) throws(DatasetError) -> [String] {
    try SourceFolder(root, where: accepts).files
  }
}
