/// The files of a source, found by the names that tables and reports give them.
///
/// A name need not be the file's own to the byte: tables are typed, and exported, on systems where letter case or the
/// form of an accented letter makes no difference, and images are converted after their table was made.
struct SourceFiles: Sendable {
  /// What a name is held against.
  enum Scope: Sendable {
    /// The whole path below the root.
    case path
    /// The last part of the path: the source's names are unique whatever the folder. Of two folders that hold one name,
    /// the first counts.
    case name
  }

  enum Match: Equatable, Sendable {
    case one(Int)
    case none
    /// Files that fit the name equally well.
    case several([Int])
  }

  /// Sorted by their bytes.
  let paths: [String]
  private let scope: Scope
  /// With the scope `name`, the first file of every last part.
  private var byName: [ExactName: Int32] = [:]
  /// Files by their stem in lower case, filled when the first name is no file's own.
  private var byStem: [String: [Int32]] = [:]

  private static let extensions = ImageScanner.extensions.union(["dcm", "dicom", "tif", "tiff", "bmp", "jp2", "txt"])

  init(_ paths: [String], by scope: Scope) {
    self.paths = paths
    self.scope = scope
    guard scope == .name else { return }
    for (index, path) in paths.enumerated() {
      let name = ExactName(Self.lastPart(path))
      if byName[name] == nil { byName[name] = Int32(clamping: index) }
    }
  }

  /// Whether no earlier file has the same name.
  func isFirst(_ file: Int) -> Bool { scope == .path || exact(paths[file]) == file }

  /// The file that has this name to the byte.
  func exact(_ name: String) -> Int? {
    if scope == .name { return byName[ExactName(Self.lastPart(name))].map(Int.init) }
    // By bisection, since a set of all paths would cost as much again.
    var (low, high) = (0, paths.count)
    while low < high {
      let middle = (low + high) / 2
      if paths[middle].utf8.lexicographicallyPrecedes(name.utf8) { low = middle + 1 } else { high = middle }
    }
    return low < paths.count && paths[low].utf8.elementsEqual(name.utf8) ? low : nil
  }

  /// The file that a name most likely means, of those that `isFree` leaves: the same but for the form of its accented
  /// letters, then for letter case, then for the extension (PNG, which loses nothing, before JPEG).
  ///
  /// - Parameter anyExtension: whether a file of another extension than the name's will do.
  mutating func nearest(_ name: String, anyExtension: Bool = true, where isFree: (Int) -> Bool) -> Match {
    if byStem.isEmpty {
      for (index, path) in paths.enumerated() { byStem[key(path), default: []].append(Int32(clamping: index)) }
    }
    let ranked = (byStem[key(name)] ?? []).map(Int.init).filter(isFree).map { (file: $0, rank: rank($0, name)) }
      .filter { anyExtension || $0.rank.pathExtension == 0 }
    guard let best = ranked.map(\.rank).min() else { return .none }
    let candidates = ranked.filter { $0.rank == best }.map(\.file)
    // One name in several folders is one image.
    let names = Set(candidates.map { ExactName(compared(paths[$0])) })
    return names.count == 1 ? .one(candidates[0]) : .several(candidates)
  }

  private func compared(_ path: String) -> String { scope == .name ? Self.lastPart(path) : path }

  private func key(_ path: String) -> String { Self.stem(compared(path)).lowercased() }

  private struct Rank: Comparable {
    var stem: Int
    var pathExtension: Int

    static func < (one: Rank, other: Rank) -> Bool {
      (one.stem, one.pathExtension) < (other.stem, other.pathExtension)
    }
  }

  private func rank(_ file: Int, _ name: String) -> Rank {
    let (path, name) = (compared(paths[file]), compared(name))
    let (stem, wanted) = (Self.stem(path), Self.stem(name))
    let ending = path.dropFirst(stem.count).lowercased()
    let rankOfStem = stem.utf8.elementsEqual(wanted.utf8) ? 0 : stem == wanted ? 1 : 2
    let rankOfEnding =
      switch ending {
      case name.dropFirst(wanted.count).lowercased(): 0
      case ".png": 1
      case ".jpg": 2
      case ".jpeg": 3
      default: 4
      }
    return Rank(stem: rankOfStem, pathExtension: rankOfEnding)
  }

  /// A path without the extensions of image files at its end: `1_IM-0001` of `1_IM-0001.dcm.png`.
  static func stem(_ path: String) -> String {
    var stem = path
    while let dot = stem.lastIndex(of: "."), dot > stem.startIndex,
      extensions.contains(SourceFolder.pathExtension(stem))
    {
      stem = String(stem[..<dot])
    }
    return stem
  }

  static func lastPart(_ path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }
}
