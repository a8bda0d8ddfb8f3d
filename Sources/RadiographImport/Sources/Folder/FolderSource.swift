import DelimitedText
import Foundation
import RadiographData

/// Any folder of images. What is known of them comes from a table `metadata.csv` (column `file_name`, `path` or
/// `image`; optional `text`, `caption`, `prompt` or `findings` and `impression`; `patient`, `study`, `view`, `age`,
/// `sex`, and `labels` separated by `|`), from `name.txt` beside `name.png`, or is nothing.
///
/// An image without a patient is a patient of its own, and a view that is not given is taken to be frontal.
public enum FolderSource {
  /// - Parameter name: the source's name in the dataset; the folder's own where nothing is given.
  public static func list(_ root: URL, name: String? = nil) throws(DatasetError) -> ImportSource {
    let folder = try SourceFolder(root) { ImageScanner.extensions.contains($0) || $0 == "txt" }
    let images = folder.files.filter { SourceFolder.pathExtension($0) != "txt" }
    let captions = Set(folder.files.filter { SourceFolder.pathExtension($0) == "txt" })
    let tableURL = root.appendingPathComponent("metadata.csv")
    let table = FileManager.default.fileExists(atPath: tableURL.path) ? try SourceTable(contentsOf: tableURL) : nil
    guard !images.isEmpty || table != nil else {
      throw .sourceEmpty(path: root.path, expected: "PNG or JPEG images")
    }

    var entries: [String: ImportEntry] = [:]
    var exclusions = folder.exclusions
    if let table { try read(table, into: &entries, &exclusions) }
    for path in images where entries[path] == nil {
      entries[path] = ImportEntry(
        path: path, file: nil, patient: path, study: path, attributes: RadiographAttributes(view: .frontal),
        sections: [])
    }
    for path in images {
      entries[path]?.file = folder.url(path)
      let caption = (path as NSString).deletingPathExtension + ".txt"
      guard entries[path]?.sections.isEmpty == true, captions.contains(caption) else { continue }
      switch TextFile.read(folder.url(caption)) {
      case .text(let text): entries[path]?.sections = [TextSection(name: "caption", text: text)]
      case .malformed(let reason):
        exclusions.append(ImportExclusion(path: caption, reason: .malformedReport, detail: reason))
      case .blank, .absent: break
      }
    }
    var sorted = entries.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    exclusions += OfficialSplit.dropConflictingSexes(&sorted)
    return ImportSource(
      name: name ?? root.standardizedFileURL.lastPathComponent, kind: "folder", licence: "as its owner says",
      attribution: "", vocabulary: [], root: root,
      entries: sorted, exclusions: exclusions)
  }

  private static func read(
    _ table: SourceTable, into entries: inout [String: ImportEntry], _ exclusions: inout [ImportExclusion]
  ) throws(DatasetError) {
    guard let pathColumn = table.index(of: "file_name", "path", "image", "filename") else {
      throw .malformedTable(path: table.url.path, reason: "no column file_name, path or image")
    }
    let patientColumn = table.index(of: "patient", "patient_id")
    let studyColumn = table.index(of: "study", "study_id")
    let viewColumn = table.index(of: "view", "projection")
    let ageColumn = table.index(of: "age")
    let sexColumn = table.index(of: "sex", "gender")
    let labelColumn = table.index(of: "labels", "label")
    let textColumns = [
      ("caption", table.index(of: "text", "caption", "prompt")), ("findings", table.index(of: "findings")),
      ("impression", table.index(of: "impression")),
    ]
    var listed: [String: ImportEntry] = [:]
    var notes: [ImportExclusion] = []
    try table.forEachRow { row in
      let place = "row \(row.number)"
      guard let path = row.text(pathColumn), !row.isRagged(columns: table.columns.count) else {
        notes.append(ImportExclusion(path: place, reason: .malformedRow))
        return
      }
      guard SourceFolder.isContained(path) else {
        notes.append(ImportExclusion(path: place, reason: .outsideSource, detail: String(path.prefix(200))))
        return
      }
      guard listed[path] == nil else {
        notes.append(ImportExclusion(path: place, reason: .duplicateRow, detail: path))
        return
      }
      var reading = AttributeReading(place: place)
      reading.attributes.labels = RadiographAttributes.labels(listed: row.text(labelColumn))
      reading.attributes.view = row.text(viewColumn).flatMap(ViewPosition.init(text:)) ?? .frontal
      reading.attributes.sex = row.text(sexColumn).flatMap(PatientSex.init(text:))
      reading.readAge(row.text(ageColumn))
      notes += reading.exclusions
      listed[path] = ImportEntry(
        path: path, file: nil, patient: row.text(patientColumn) ?? path, study: row.text(studyColumn) ?? path,
        attributes: reading.attributes,
        sections: textColumns.compactMap { name, column in
          row.text(column).map { TextSection(name: name, text: $0) }
        })
    }
    entries = listed
    exclusions += notes
  }
}

/// A text beside an image.
enum TextFile {
  enum Content: Equatable {
    case text(String)
    case blank
    case absent
    /// Not text, or too long for a report.
    case malformed(String)
  }

  static let limit = 1 << 20

  static func read(_ url: URL) -> Content {
    guard let handle = try? FileHandle(forReadingFrom: url) else { return .absent }
    defer { try? handle.close() }
    // One byte more than is allowed tells without reading the rest.
    guard let data = try? handle.read(upToCount: limit + 1) else { return .blank }
    guard data.count <= limit else { return .malformed("above \(limit) bytes") }
    guard let text = try? TextEncoding.text(data) else { return .malformed("it is not text") }
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return trimmed.isEmpty ? .blank : .text(trimmed)
  }
}
