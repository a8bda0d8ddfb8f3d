import GRDB
import RadiographData
import Support

extension DatasetWriter {
  /// At most so many files are compared with those of an earlier import.
  private static let comparedFiles = 8

  /// Refuses phantoms beside radiographs, and radiographs beside phantoms: no one means to train on both, and what is in
  /// a dataset stays.
  ///
  /// - Throws: `DatasetError.mixedWithPhantoms`.
  static func checkKind(of source: ImportSource, path: String, in database: Database) throws {
    let isPhantoms = source.kind == PhantomSource.kind
    let kinds = try String.fetchAll(
      database, sql: "SELECT DISTINCT kind FROM sources JOIN images ON images.source_id = sources.id")
    guard kinds.contains(where: { ($0 == PhantomSource.kind) != isPhantoms }) else { return }
    throw DatasetError.mixedWithPhantoms(path: path, hasPhantoms: !isPhantoms)
  }

  /// Refuses a source that has the name of another in the dataset.
  ///
  /// A publisher's collection is identified by its importer. Of a folder the dataset stores only the name, not the
  /// path, since a dataset names no place outside of itself, and another folder may have the same name. It is taken for
  /// the folder of the earlier import if it still holds one of that import's images with the same bytes.
  ///
  /// - Throws: `DatasetError.sourceName`.
  static func checkName(of source: ImportSource, in database: Database) throws {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT id, kind FROM sources WHERE name = ?", arguments: [source.name])
    else { return }
    let (id, kind): (Int64, String) = (try row.value(0), try row.value(1))
    guard kind == source.kind else {
      throw DatasetError.sourceName(
        name: source.name, reason: "the dataset has one of the importer \(kind), this is of \(source.kind)")
    }
    guard kind == "folder" else { return }
    if source.entries.isEmpty { return }
    let listed = Dictionary(
      source.entries.map { (ExactName($0.path), $0.file) }, uniquingKeysWith: { first, _ in first })
    let rows = try Row.fetchCursor(
      database, sql: "SELECT path, sha256 FROM images WHERE source_id = ? ORDER BY id", arguments: [id])
    var isEmpty = true
    var compared = 0
    while let row = try rows.next(), compared < comparedFiles {
      isEmpty = false
      guard let file = listed[ExactName(try row.value(0))] else { continue }
      // If the image has no file in one of the two, only the name is left to go by.
      guard let file, let hash: String = try row.value(1) else { return }
      if try ContentHash.ofFile(file.path) == hash { return }
      compared += 1
    }
    if isEmpty { return }
    throw DatasetError.sourceName(
      name: source.name,
      reason: compared == 0
        ? "no image that the dataset has of it is in this folder"
        : "images that the dataset has of it are other images in this folder")
  }
}
