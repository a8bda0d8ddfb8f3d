import Foundation
import RadiographData

/// The images that a source's tables list, each with the file that its name means.
///
/// A row that names a file to the byte has it, wherever in the table it is; the other rows then get what is left, so
/// that no two images share a file by a likeness of names.
struct ListedImages {
  /// What an image is called in the dataset.
  enum Naming {
    /// The path of its file below the root; the name in its row if there is no file.
    case file
    /// The name in its row, without folders: the image may get another file later.
    case row
  }

  private(set) var entries: [ImportEntry] = []
  private(set) var exclusions: [ImportExclusion]

  private let folder: SourceFolder
  private let names: SourceNames
  private let naming: Naming
  private var files: SourceFiles
  private var isTaken: [Bool]
  private var listed: Set<ExactName> = []
  /// Entries whose name no file has exactly, by their places in `entries`, and their rows.
  private var open: [(entry: Int, name: String, row: String)] = []

  /// A row's name, not refused and not listed before.
  struct Name {
    /// What the image is called, unless it turns out to have a file of another name.
    let path: String
    fileprivate let wanted: String
    fileprivate let file: Int?
  }

  /// - Parameters:
  ///   - images: paths of the folder's files that are images.
  ///   - scope: what a row's name is held against.
  init(_ folder: SourceFolder, images: [String], by scope: SourceFiles.Scope, naming: Naming) {
    self.folder = folder
    self.naming = naming
    names = SourceNames(root: folder.root)
    files = SourceFiles(images, by: scope)
    isTaken = [Bool](repeating: false, count: images.count)
    exclusions = folder.exclusions
  }

  mutating func exclude(_ path: String, _ reason: ImportExclusion.Reason, _ detail: String = "") {
    exclusions.append(ImportExclusion(path: path, reason: reason, detail: detail))
  }

  mutating func add(_ exclusions: [ImportExclusion]) { self.exclusions += exclusions }

  /// Reads the name in a row; one that leads out of the source, or was listed before, is excluded.
  ///
  /// - Parameter row: what the exclusion calls the row.
  mutating func name(_ text: String, row: String) -> Name? {
    // A file may have a backslash in its name.
    let own = text.utf8.contains(UInt8(ascii: "/")) && naming == .row ? nil : files.exact(text)
    guard let wanted = own == nil ? names.path(text) : text else {
      exclude(row, .outsideSource, String(text.prefix(200)))
      return nil
    }
    let file = own ?? files.exact(wanted)
    let path = naming == .row ? SourceFiles.lastPart(wanted) : file.map { files.paths[$0] } ?? wanted
    guard listed.insert(ExactName(path)).inserted else {
      exclude(row, .duplicateRow, path)
      return nil
    }
    return Name(path: path, wanted: wanted, file: file)
  }

  /// Adds a row's image. The patient and the study may be the path of `name`; they then follow it to the file.
  mutating func append(_ entry: ImportEntry, _ name: Name, row: String) {
    if let file = name.file {
      isTaken[file] = true
    } else {
      open.append((entries.count, name.wanted, row))
    }
    var entry = entry
    entry.file = name.file.map { folder.url(files.paths[$0]) }
    // Only for names that the table gives: names that are paths distinguish two files.
    if entry.patient != name.path { entry.patient = entry.patient.precomposed }
    if entry.study != name.path { entry.study = entry.study.precomposed }
    entries.append(entry)
  }

  /// Passes over the image of a row; its file still counts as listed.
  mutating func skip(_ name: Name) {
    if let file = name.file { isTaken[file] = true }
  }

  /// Finds files for the rows that name none to the byte, when all rows are read.
  mutating func settle() {
    var dropped: Set<Int> = []
    for (index, name, row) in open {
      switch files.nearest(name, where: { !isTaken[$0] }) {
      case .one(let file):
        isTaken[file] = true
        give(file, to: index)
      case .several(let candidates):
        dropped.insert(index)
        let paths = candidates.prefix(5).map { files.paths[$0] }.joined(separator: ", ")
        exclude(row, .ambiguousName, "\(entries[index].path) may be \(paths)")
      case .none:
        // A row whose name is another spelling of a file that an earlier row has is a second row of that file.
        guard case .one(let file) = files.nearest(name, anyExtension: false, where: { isTaken[$0] }) else { continue }
        dropped.insert(index)
        exclude(row, .duplicateRow, files.paths[file])
      }
    }
    open = []
    guard !dropped.isEmpty else { return }
    entries = entries.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
  }

  private mutating func give(_ file: Int, to index: Int) {
    let path = files.paths[file]
    entries[index].file = folder.url(path)
    guard naming == .file else { return }
    let former = ExactName(entries[index].path)
    if ExactName(entries[index].patient) == former { entries[index].patient = path }
    if ExactName(entries[index].study) == former { entries[index].study = path }
    entries[index].path = path
  }

  /// Files that no row has, once `settle()` was called; of files of one name only the first is looked at.
  var unlisted: [String] {
    files.paths.indices.filter { !isTaken[$0] && files.isFirst($0) }.map { files.paths[$0] }
  }
}

extension String {
  /// Accented letters in one piece, so that a name is the same to the byte wherever it was typed.
  var precomposed: String {
    utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
  }
}
