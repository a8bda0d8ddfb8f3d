import Foundation
import RadiographData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What an import does with links that lead out of a source's folder.
public enum SourceLinks: Sendable {
  /// They are left out, and listed: a source from elsewhere could point anywhere.
  case inside
  /// They are followed, every folder once. A link to a folder that holds the source is left out.
  case followed
}

/// Lists a tree of folders, links that lead out of it last.
struct FolderWalk {
  private let root: URL
  /// The root without links, nil if it cannot be resolved.
  private let home: String?
  private(set) var files: [String] = []
  private(set) var exclusions: [ImportExclusion] = []
  private(set) var unfollowedLinks = 0
  /// Links out of the root that are to be looked at, and where they lead.
  private var outside: [(path: String, target: String)] = []
  /// Folders outside of the root that were listed.
  private var visited: Set<Identity> = []

  /// A folder, by whichever of its paths it was reached.
  private struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  init(_ root: URL) {
    self.root = root
    home = Self.realPath(root.path)
  }

  /// - Throws: `DatasetError.unlistable` if a folder cannot be listed.
  mutating func run(links: SourceLinks, where accepts: (_ pathExtension: String) -> Bool) throws(DatasetError) {
    try list("", isOutside: false, where: accepts)
    // In the order of their names, so that of two links to one folder always the same one is followed.
    while !outside.isEmpty {
      let queue = outside.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
      outside = []
      for link in queue { try look(at: link, links: links, where: accepts) }
    }
  }

  private mutating func look(
    at link: (path: String, target: String), links: SourceLinks, where accepts: (_ pathExtension: String) -> Bool
  ) throws(DatasetError) {
    if links == .inside {
      unfollowedLinks += 1
      exclude(link.path, .outsideSource, "a link out of the source's folder: --follow-links reads what is there")
    } else if let home, Self.isBelow(home, link.target) {
      exclude(link.path, .outsideSource, "a link to a folder that holds the source")
    } else if Self.kind(path: link.target) == .file {
      files.append(link.path)
    } else {
      try list(link.path, isOutside: true, where: accepts)
    }
  }

  private mutating func list(
    _ start: String, isOutside: Bool, where accepts: (_ pathExtension: String) -> Bool
  ) throws(DatasetError) {
    var pending = [start]
    while let folder = pending.popLast() {
      let path = folder.isEmpty ? root.path : root.path + "/" + folder
      if isOutside, let identity = Self.identity(path), !visited.insert(identity).inserted {
        exclude(folder, .outsideSource, "a folder that another link leads to")
        continue
      }
      guard let stream = opendir(path) else {
        throw .unlistable(path: path, reason: String(cString: strerror(errno)))
      }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let (name, isText) = Self.name(of: entry)
        if name.hasPrefix(".") || name == "__MACOSX" { continue }
        let relative = folder.isEmpty ? name : folder + "/" + name
        guard isText else {
          exclude(relative, .unreadable, "its name is not UTF-8: rename it")
          continue
        }
        switch Self.kind(of: entry, path: path + "/" + name) {
        case .folder: pending.append(relative)
        case .file: if accepts(SourceFolder.pathExtension(name)) { files.append(relative) }
        case .link: sort(link: relative, path: path + "/" + name, isWanted: accepts(SourceFolder.pathExtension(name)))
        case .other: continue
        }
      }
    }
  }

  /// - Parameter isWanted: whether the link's name has the extension of a file that is looked for.
  private mutating func sort(link: String, path: String, isWanted: Bool) {
    guard let target = Self.realPath(path) else {
      if isWanted { exclude(link, .unreadable, "a link that leads nowhere") }
      return
    }
    let kind = Self.kind(path: target)
    guard kind == .folder || kind == .file && isWanted else { return }
    guard let home, target == home || Self.isBelow(target, home) else {
      outside.append((link, target))
      return
    }
    if kind == .file { files.append(link) }
  }

  private mutating func exclude(_ path: String, _ reason: ImportExclusion.Reason, _ detail: String) {
    exclusions.append(ImportExclusion(path: path, reason: reason, detail: detail))
  }

  // MARK: - The file system

  private enum Kind { case file, folder, link, other }

  private static func kind(of entry: UnsafeMutablePointer<dirent>, path: String) -> Kind {
    switch Int32(entry.pointee.d_type) {
    case Int32(DT_REG): return .file
    case Int32(DT_DIR): return .folder
    case Int32(DT_LNK): return .link
    // Some file systems do not say.
    case Int32(DT_UNKNOWN): return kind(path: path)
    default: return .other
    }
  }

  /// Of what is at a path itself, not of what a link there leads to.
  private static func kind(path: String) -> Kind {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .other }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case S_IFLNK: return .link
    default: return .other
    }
  }

  private static func identity(_ path: String) -> Identity? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
  }

  /// The name, and whether it is text: what is not UTF-8 is repaired, and no file has the repaired name.
  private static func name(of entry: UnsafeMutablePointer<dirent>) -> (name: String, isText: Bool) {
    let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    let start = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
    return (String(cString: start), String(validatingCString: start) != nil)
  }

  /// Without links; nil if nothing is there.
  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func isBelow(_ path: String, _ folder: String) -> Bool {
    path.utf8.starts(with: (folder == "/" ? "/" : folder + "/").utf8)
  }
}
