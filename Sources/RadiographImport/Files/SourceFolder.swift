import Foundation
import RadiographData

/// What lies below a source's folder.
struct SourceFolder: Sendable {
  let root: URL
  /// Paths of files below the root, sorted by their bytes.
  let files: [String]
  /// Links that are left out, sorted by their paths' bytes, with what is wrong with each.
  let exclusions: [ImportExclusion]
  /// Links among `exclusions` that `SourceLinks.followed` would follow.
  let unfollowedLinks: Int

  /// Hidden files and folders and `__MACOSX` are passed over, as are links to folders inside the root: what is there is
  /// found at its own place.
  ///
  /// - Throws: `DatasetError.sourceMissing` if there is no folder, `.sourceIsFile` if it is a file, `.unlistable` if one cannot be listed.
  init(
    _ root: URL, links: SourceLinks = .inside, where accepts: (_ pathExtension: String) -> Bool
  ) throws(DatasetError) {
    self.root = root
    guard Self.isFolder(root) else {
      if FileManager.default.fileExists(atPath: root.path) { throw .sourceIsFile(path: root.path) }
      throw .sourceMissing(path: root.path, remedy: "name the folder that holds the unpacked source")
    }
    var walk = FolderWalk(root)
    try walk.run(links: links, where: accepts)
    files = walk.files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    exclusions = walk.exclusions.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    unfollowedLinks = walk.unfollowedLinks
  }

  func url(_ path: String) -> URL { URL(fileURLWithPath: root.path + "/" + path, isDirectory: false) }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The file of a name in a folder: of exactly this name, or else the one that has it in other letter case or in
  /// another form of its accented letters.
  ///
  /// - Returns: nil if there is none, or if several differ from the name.
  static func file(_ name: String, in folder: URL) -> URL? {
    let url = folder.appendingPathComponent(name)
    if FileManager.default.fileExists(atPath: url.path) { return url }
    let parent = url.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    let alike = names.filter { $0.lowercased() == url.lastPathComponent.lowercased() }
    return alike.count == 1 ? parent.appendingPathComponent(alike[0]) : nil
  }

  /// In lower case, without the dot; empty if there is none.
  static func pathExtension(_ name: String) -> String {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
  }
}

/// Finds image files below a folder.
enum ImageScanner {
  static let extensions: Set<String> = ["png", "jpg", "jpeg"]
}
