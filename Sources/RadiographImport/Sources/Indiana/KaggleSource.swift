import DelimitedText
import Foundation
import RadiographData

/// The Indiana University collection as Kaggle's edition lays it out: `indiana_reports.csv` (a row a report),
/// `indiana_projections.csv` (a row an image: frontal or lateral), and the images, in any folders.
///
/// The patient is the report's `uid`; labels are its `Problems`; `MeSH`, which says where and how severe, and the
/// examination's title `image` are sections of their own.
public enum KaggleSource {
  /// Reads both tables and finds the images; decodes none.
  ///
  /// - Throws: `DatasetError.sourceMissing` if a table is not there, `.malformedTable`, `.inputOutput`.
  public static func list(_ root: URL, links: SourceLinks = .inside) throws(DatasetError) -> ImportSource {
    let folder = try SourceFolder(root, links: links) { ImageScanner.extensions.contains($0) }
    // The same name in two folders is the same image in two sizes.
    var images = ListedImages(folder, images: folder.files, by: .name, naming: .row)
    let reports = try reports(in: root, &images)
    let table = try table("indiana_projections.csv", in: root)
    let (uidColumn, fileColumn) = (try table.require("uid"), try table.require("filename"))
    let projectionColumn = try table.require("projection")

    var illustrated: Set<String> = []
    try table.forEachRow { row in
      let place = "indiana_projections.csv row \(row.number)"
      guard let uid = row.name(uidColumn), let text = row.name(fileColumn), !row.isRagged(columns: table.columns.count)
      else {
        images.exclude(place, .malformedRow)
        return
      }
      guard let name = images.name(text, row: place) else { return }
      guard let view = row.text(projectionColumn).flatMap(ViewPosition.init(text:)) else {
        images.skip(name)
        images.exclude(name.path, .unknownView, place)
        return
      }
      let report = reports[uid]
      illustrated.insert(uid)
      images.append(
        ImportEntry(
          path: name.path, file: nil, patient: uid, study: uid,
          attributes: RadiographAttributes(labels: report?.labels ?? [:], view: view),
          sections: report?.sections ?? []), name, row: place)
    }
    images.settle()
    for uid in reports.keys.filter({ !illustrated.contains($0) }).sorted() { images.exclude("report \(uid)", .noImage) }
    for path in images.unlisted { images.exclude(path, .unlisted) }
    return ImportSource(
      name: "kaggle", kind: "kaggle", licence: IndianaCollection.licence, attribution: IndianaCollection.attribution,
      vocabulary: [], root: root, entries: images.entries, exclusions: images.exclusions,
      unfollowedLinks: folder.unfollowedLinks)
  }

  struct Report: Sendable, Equatable {
    var sections: [TextSection]
    var labels: [String: LabelState]
  }

  /// By `uid`.
  private static func reports(
    in root: URL, _ images: inout ListedImages
  ) throws(DatasetError) -> [String: Report] {
    let table = try table("indiana_reports.csv", in: root)
    let uidColumn = try table.require("uid")
    let problems = try table.require("Problems")
    let (mesh, examination) = (table.index(of: "MeSH"), table.index(of: "image"))
    let parts: [(name: String, column: Int)] = [
      ("indication", try table.require("indication")), ("comparison", try table.require("comparison")),
      ("findings", try table.require("findings")), ("impression", try table.require("impression")),
    ]
    var reports: [String: Report] = [:]
    var notes: [ImportExclusion] = []
    try table.forEachRow { row in
      let place = "indiana_reports.csv row \(row.number)"
      // A text whose commas are not quoted would put every later cell into another column.
      guard let uid = row.name(uidColumn), !row.isRagged(columns: table.columns.count) else {
        notes.append(ImportExclusion(path: place, reason: .malformedRow))
        return
      }
      guard reports[uid] == nil else {
        notes.append(ImportExclusion(path: place, reason: .duplicateRow, detail: uid))
        return
      }
      var sections: [TextSection] = []
      for part in parts {
        // What a spreadsheet made of a text that began with "+" or "-".
        if let text = row.text(part.column), !text.hasPrefix("#NAME?") {
          sections.append(TextSection(name: part.name, text: text))
        }
      }
      reports[uid] = Report(
        sections: sections
          + IndianaCollection.annotations(examination: row.text(examination), headings: list(row.text(mesh))),
        labels: IndianaCollection.labels(list(row.text(problems))))
    }
    images.add(notes)
    return reports
  }

  private static func list(_ cell: String?) -> [String] {
    (cell ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private static func table(_ name: String, in root: URL) throws(DatasetError) -> SourceTable {
    guard let url = SourceFolder.file(name, in: root) else {
      throw .sourceMissing(
        path: root.appendingPathComponent(name).path, remedy: "put both tables of Kaggle's edition beside the images")
    }
    return try SourceTable(contentsOf: url)
  }
}
