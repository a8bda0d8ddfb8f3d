import DelimitedText
import Foundation
import RadiographData
import RadiologyReports

/// Any folder of images. What is known of them comes from a table `metadata.csv` (column `file_name`, `path` or
/// `image`; optional `text`, `caption`, `prompt` or `findings` and `impression`; `patient`, `study`, `view`, `age`,
/// `sex`, and `labels` separated by `|`), from `name.txt` beside `name.png`, or is nothing.
///
/// An image without a patient is a patient of its own, and a view that is not given is taken to be frontal.
public enum FolderSource {
  /// Finds the images, and reads the table and the texts beside them; decodes none.
  ///
  /// - Parameter name: the source's name in the dataset; the folder's own if none is given.
  /// - Throws: `DatasetError.sourceMissing`, `.unlistable` if the folder cannot be listed, `.sourceEmpty` if it holds no
  ///   image and no table, `.malformedTable`.
  public static func list(
    _ root: URL, name: String? = nil, links: SourceLinks = .inside
  ) throws(DatasetError) -> ImportSource {
    let folder = try SourceFolder(root, links: links) { ImageScanner.extensions.contains($0) || $0 == "txt" }
    let paths = folder.files.filter { SourceFolder.pathExtension($0) != "txt" }
    let table = try SourceFolder.file("metadata.csv", in: root).map { url throws(DatasetError) in
      try SourceTable(contentsOf: url)
    }
    guard !paths.isEmpty || table != nil || !folder.exclusions.isEmpty else {
      throw .sourceEmpty(path: root.path, expected: "PNG or JPEG images")
    }

    var images = ListedImages(folder, images: paths, by: .path, naming: .file)
    if let table { try read(table, into: &images) }
    images.settle()
    var entries = images.entries
    entries += images.unlisted.map { path in
      ImportEntry(
        path: path, file: folder.url(path), patient: path, study: path,
        attributes: RadiographAttributes(view: .frontal), sections: [])
    }
    entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    var exclusions = images.exclusions
    exclusions += readTexts(in: folder, into: &entries)
    exclusions += OfficialSplit.dropConflictingSexes(&entries)
    return ImportSource(
      name: name ?? root.standardizedFileURL.lastPathComponent, kind: "folder", licence: "as its owner says",
      attribution: "", vocabulary: [], root: root, entries: entries, exclusions: exclusions,
      unfollowedLinks: folder.unfollowedLinks)
  }

  private static func read(_ table: SourceTable, into images: inout ListedImages) throws(DatasetError) {
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
    var listed = images
    try table.forEachRow { row in
      let place = "row \(row.number)"
      guard let text = row.name(pathColumn), !row.isRagged(columns: table.columns.count) else {
        listed.exclude(place, .malformedRow)
        return
      }
      guard let name = listed.name(text, row: place) else { return }
      var reading = AttributeReading(place: place)
      reading.attributes.labels = RadiographAttributes.labels(listed: row.text(labelColumn))
      reading.attributes.view = row.text(viewColumn).flatMap(ViewPosition.init(text:)) ?? .frontal
      reading.attributes.sex = row.text(sexColumn).flatMap(PatientSex.init(text:))
      reading.readAge(row.text(ageColumn))
      listed.add(reading.exclusions)
      let sections = textColumns.compactMap { name, column in
        row.text(column).map { TextSection(name: name, text: $0) }
      }
      listed.append(
        ImportEntry(
          path: name.path, file: nil, patient: row.name(patientColumn) ?? name.path,
          study: row.name(studyColumn) ?? name.path, attributes: reading.attributes, sections: sections),
        name, row: place)
    }
    images = listed
  }

  /// Gives images that the table has no text for the text beside them.
  private static func readTexts(in folder: SourceFolder, into entries: inout [ImportEntry]) -> [ImportExclusion] {
    let texts = TextsBeside(folder.files, of: entries.map(\.path)) { [($0 as NSString).deletingPathExtension + ".txt"] }
    var exclusions: [ImportExclusion] = []
    for (index, candidates) in texts.candidates.enumerated() {
      guard entries[index].file != nil, entries[index].sections.isEmpty, let text = candidates.first else { continue }
      guard candidates.count == 1 else {
        let paths = candidates.prefix(5).joined(separator: ", ")
        exclusions.append(
          ImportExclusion(path: entries[index].path, reason: .ambiguousName, detail: "its text may be \(paths)"))
        continue
      }
      switch TextFile.read(folder.url(text)) {
      case .text(let content): entries[index].sections = [TextSection(name: "caption", text: content)]
      case .malformed(let reason):
        exclusions.append(ImportExclusion(path: text, reason: .malformedReport, detail: reason))
      case .blank, .absent: break
      }
    }
    return exclusions
  }
}

/// A text beside an image.
enum TextFile {
  enum Content: Equatable {
    case text(String)
    /// Without letters, or a word for "no value": see `MissingText`.
    case blank
    case absent
    /// Not text, or too long for a report.
    case malformed(String)
  }

  static let limit = 1 << 20

  static func read(_ url: URL) -> Content {
    guard let handle = try? FileHandle(forReadingFrom: url) else { return .absent }
    defer { try? handle.close() }
    // One byte more than is allowed shows that the text is too long, without reading the rest.
    guard let data = try? handle.read(upToCount: limit + 1) else { return .blank }
    guard data.count <= limit else { return .malformed("above \(limit) bytes") }
    guard let text = try? CharacterEncoding.text(data) else { return .malformed("it is not text") }
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return MissingText.isMissing(trimmed) ? .blank : .text(trimmed)
  }
}
