import Foundation

/// What a source lists, before any image of it is read. Importers make one; `DatasetImport` does the rest.
public struct ImportSource: Sendable {
  /// Unique in a dataset: sources of one name are one source.
  public var name: String
  /// The importer: `nih`, `kermany`, `folder`.
  public var kind: String
  public var licence: String
  public var attribution: String
  /// The findings that the source decided on for every image: where one is not listed, it is negative.
  public var vocabulary: [String]
  /// The folder that holds everything; nothing in it is ever written.
  public var root: URL
  /// In the order of import.
  public var entries: [ImportEntry]
  /// What was seen and left out already.
  public var exclusions: [ImportExclusion]
}

/// One image that a source lists.
public struct ImportEntry: Sendable {
  /// Unique in its source.
  public var path: String
  /// Nothing where the image is listed and not there.
  public var file: URL?
  public var patient: String
  public var study: String
  /// `vocabulary` is the source's, and left empty here.
  public var attributes: RadiographAttributes
  public var sections: [TextSection]
  /// Where the publisher put the image, on request; otherwise nothing, and the dataset decides.
  public var split: DatasetSplit?
}

/// Something that was not imported, or is not used for training, and why.
public struct ImportExclusion: Sendable, Equatable {
  public enum Reason: String, Sendable, CaseIterable {
    /// The image cannot be decoded.
    case unreadable
    /// The same bytes as an image imported before, whose pixels it shares.
    case duplicate
    /// Listed, and not there.
    case missingImage = "missing-image"
    /// There, and not listed.
    case unlisted
    /// Listed more than once.
    case duplicateRow = "duplicate-row"
    /// A row of a table without a name, or that leaves the source's folder.
    case malformedRow = "malformed-row"
    case nonFrontal = "non-frontal"
    /// No report, no caption and no label to make a prompt of.
    case noText = "no-text"
  }

  public var path: String
  public var reason: Reason
  public var detail: String

  public init(path: String, reason: Reason, detail: String = "") {
    self.path = path
    self.reason = reason
    self.detail = detail
  }
}

/// Finds image files below a folder.
enum ImageScanner {
  /// Paths relative to `root`, sorted by their bytes; hidden files and folders and `__MACOSX` are passed over.
  static func images(below root: URL) throws(DatasetError) -> [String] {
    try files(below: root) { ["png", "jpg", "jpeg"].contains($0) }
  }

  static func files(
    below root: URL, where accepts: (_ pathExtension: String) -> Bool
  ) throws(DatasetError) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw .sourceMissing(path: root.path, remedy: "name the folder that holds the unpacked source")
    }
    guard let enumerator = FileManager.default.enumerator(atPath: root.path) else {
      throw .inputOutput(path: root.path, reason: "the folder cannot be listed")
    }
    var paths: [String] = []
    while let path = enumerator.nextObject() as? String {
      let parts = path.split(separator: "/")
      if parts.contains(where: { $0.hasPrefix(".") || $0 == "__MACOSX" }) { continue }
      guard let name = parts.last, let dot = name.lastIndex(of: ".") else { continue }
      if accepts(name[name.index(after: dot)...].lowercased()) { paths.append(path) }
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
