import Foundation

/// Any folder of images. What is known of them comes from a table `metadata.csv` (column `file_name`, `path` or
/// `image`; optional `text`, `caption`, `prompt` or `findings` and `impression`; `patient`, `study`, `view`, `age`,
/// `sex`, and `labels` separated by `|`), from `name.txt` beside `name.png`, or is nothing.
///
/// An image without a patient is a patient of its own, and a view that is not given is taken to be frontal.
public enum FolderSource {
  /// - Parameter name: the source's name in the dataset; the folder's own where nothing is given.
  public static func list(_ root: URL, name: String? = nil) throws(DatasetError) -> ImportSource {
    let images = try ImageScanner.images(below: root)
    let captions = Set(try ImageScanner.files(below: root) { $0 == "txt" })
    let tableURL = root.appendingPathComponent("metadata.csv")
    let table = FileManager.default.fileExists(atPath: tableURL.path) ? try CSVTable(contentsOf: tableURL) : nil
    guard !images.isEmpty || table != nil else {
      throw .sourceEmpty(path: root.path, expected: "PNG or JPEG images")
    }

    var entries: [String: ImportEntry] = [:]
    var exclusions: [ImportExclusion] = []
    if let table { try read(table, at: tableURL, images: Set(images), into: &entries, &exclusions) }
    for path in images where entries[path] == nil {
      entries[path] = ImportEntry(
        path: path, file: nil, patient: path, study: path, attributes: RadiographAttributes(view: .frontal),
        sections: [])
    }
    for path in images {
      entries[path]?.file = root.appendingPathComponent(path)
      let caption = (path as NSString).deletingPathExtension + ".txt"
      guard entries[path]?.sections.isEmpty == true, captions.contains(caption) else { continue }
      let data = (try? Data(contentsOf: root.appendingPathComponent(caption))) ?? Data()
      let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      if !text.isEmpty { entries[path]?.sections = [TextSection(name: "caption", text: text)] }
    }
    return ImportSource(
      name: name ?? root.standardizedFileURL.lastPathComponent, kind: "folder", licence: "as its owner says",
      attribution: "", vocabulary: [], root: root,
      entries: entries.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }, exclusions: exclusions)
  }

  private static func read(
    _ table: CSVTable, at url: URL, images: Set<String>, into entries: inout [String: ImportEntry],
    _ exclusions: inout [ImportExclusion]
  ) throws(DatasetError) {
    guard let pathColumn = table.index(of: "file_name", "path", "image", "filename") else {
      throw .malformedTable(path: url.path, reason: "no column file_name, path or image")
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
    for (number, row) in table.rows.enumerated() {
      guard let path = CSVTable.cell(row, pathColumn), !path.hasPrefix("/"),
        !path.split(separator: "/").contains("..")
      else {
        exclusions.append(ImportExclusion(path: "row \(number + 2)", reason: .malformedRow))
        continue
      }
      guard entries[path] == nil else {
        exclusions.append(ImportExclusion(path: path, reason: .duplicateRow, detail: "row \(number + 2)"))
        continue
      }
      entries[path] = ImportEntry(
        path: path, file: nil, patient: CSVTable.cell(row, patientColumn) ?? path,
        study: CSVTable.cell(row, studyColumn) ?? path,
        attributes: RadiographAttributes(
          labels: RadiographAttributes.labels(listed: CSVTable.cell(row, labelColumn)),
          view: CSVTable.cell(row, viewColumn).flatMap { ViewPosition(rawValue: $0.uppercased()) } ?? .frontal,
          age: CSVTable.cell(row, ageColumn).flatMap(NIHSource.age),
          sex: CSVTable.cell(row, sexColumn).flatMap(NIHSource.sex)),
        sections: textColumns.compactMap { name, column in
          CSVTable.cell(row, column).map { TextSection(name: name, text: $0) }
        })
    }
  }
}
