import Foundation
import ImageFiles
import RadiographData

/// What one folder of the collection lists, and the files that it has.
struct NIHListing {
  let place: NIHPlace
  /// With the row that each is of, as exclusions name it.
  private(set) var rows: [(entry: ImportEntry, row: String)] = []
  private(set) var exclusions: [ImportExclusion] = []
  /// Files that no row of this folder names.
  private(set) var unlisted: [String] = []
  let folder: SourceFolder

  init(
    _ place: NIHPlace, _ folder: SourceFolder, table: SourceTable?, lists: NIHSplitLists?, official: OfficialSplit?
  ) throws(DatasetError) {
    self.place = place
    self.folder = folder
    var images = ListedImages(folder, images: folder.files, by: .name, naming: .row)
    var rowNames: [String: String] = [:]
    if let table {
      try Self.read(table, into: &images, rowNames: &rowNames, lists: lists, official: official)
      images.settle()
    }
    rows = images.entries.map { ($0, place.prefix + (rowNames[$0.path] ?? "")) }
    unlisted = images.unlisted
    exclusions = images.exclusions.map {
      ImportExclusion(path: place.prefix + $0.path, reason: $0.reason, detail: $0.detail)
    }
    noteEndings(table)
  }

  private static func read(
    _ table: SourceTable, into images: inout ListedImages, rowNames: inout [String: String], lists: NIHSplitLists?,
    official: OfficialSplit?
  ) throws(DatasetError) {
    let nameColumn = try table.require("Image Index")
    let labelColumn = try table.require("Finding Labels")
    let patientColumn = try table.require("Patient ID")
    let followUpColumn = table.index(of: "Follow-up #")
    let ageColumn = table.index(of: "Patient Age")
    let sexColumn = table.index(of: "Patient Gender", "Patient Sex")
    let viewColumn = table.index(of: "View Position")
    let known = Set(NIHLabels.vocabulary)
    try table.forEachRow { row in
      let place = "row \(row.number)"
      guard let text = row.name(nameColumn), let patient = row.name(patientColumn) else {
        images.exclude(place, .malformedRow)
        return
      }
      guard let name = images.name(text, row: place) else { return }
      var reading = AttributeReading(place: place)
      let labels = RadiographAttributes.labels(listed: row.text(labelColumn))
      reading.attributes.labels = labels.filter { known.contains($0.key) }
      reading.noteUnknownLabels(labels.keys.filter { !known.contains($0) }.sorted())
      reading.attributes.view = row.text(viewColumn).flatMap(ViewPosition.init(text:)) ?? .frontal
      reading.attributes.sex = row.text(sexColumn).flatMap(PatientSex.init(text:))
      reading.readAge(row.text(ageColumn))
      images.add(reading.exclusions)
      rowNames[name.path] = place
      images.append(
        ImportEntry(
          path: name.path, file: nil, patient: patient, study: row.name(followUpColumn) ?? name.path,
          attributes: reading.attributes, sections: [],
          split: lists?.split(of: name.path, patient: patient, official)), name, row: place)
    }
  }

  /// One note for all images whose file ends otherwise than the table says: copies are often passed on so.
  private mutating func noteEndings(_ table: SourceTable?) {
    guard let table else { return }
    var counts: [String: Int] = [:]
    for (entry, _) in rows {
      guard let file = entry.file else { continue }
      let (listed, found) = (SourceFolder.pathExtension(entry.path), file.pathExtension.lowercased())
      guard listed != found else { continue }
      counts["end in .\(found) where the table has \(listed.isEmpty ? "no ending" : ".\(listed)")", default: 0] += 1
    }
    guard !counts.isEmpty else { return }
    let detail = counts.sorted { $0.key < $1.key }.map { "\($0.value) images \($0.key)" }.joined(separator: ", ")
    exclusions.append(
      ImportExclusion(path: place.prefix + table.url.lastPathComponent, reason: .otherEnding, detail: detail))
  }
}

/// The images of all folders, each once.
struct NIHPool {
  private(set) var entries: [ImportEntry] = []
  private(set) var exclusions: [ImportExclusion] = []
  private(set) var unfollowedLinks = 0

  /// Places in `entries` by the image's name.
  private var positions: [ExactName: Int] = [:]
  /// The folders whose tables have each entry.
  private var listedBy: [Set<String>] = []
  /// Where each entry's file was found, as exclusions name it.
  private var foundAt: [String] = []
  /// Files that no table of their own folder names, as exclusions name them, by their stem.
  private var unlisted: [(path: String, stem: String, url: URL, prefix: String)] = []

  mutating func add(_ listing: NIHListing) {
    exclusions += listing.exclusions
    unfollowedLinks += listing.folder.unfollowedLinks
    for path in listing.unlisted {
      let stem = SourceFiles.stem(SourceFiles.lastPart(path)).lowercased()
      unlisted.append((listing.place.prefix + path, stem, listing.folder.url(path), listing.place.prefix))
    }
    for (entry, row) in listing.rows { add(entry, row: row, prefix: listing.place.prefix) }
  }

  private mutating func add(_ entry: ImportEntry, row: String, prefix: String) {
    let place = prefix + (entry.file?.lastPathComponent ?? "")
    guard let position = positions[ExactName(entry.path)] else {
      positions[ExactName(entry.path)] = entries.count
      entries.append(entry)
      listedBy.append([prefix])
      foundAt.append(place)
      return
    }
    let other = entries[position]
    listedBy[position].insert(prefix)
    if other.patient != entry.patient || other.attributes != entry.attributes {
      exclusions.append(
        ImportExclusion(path: row, reason: .duplicateRow, detail: "\(entry.path) differs from an earlier folder's row"))
    }
    guard let file = entry.file else { return }
    offer(file, at: place, to: position)
  }

  /// Gives an entry a file that has its name, unless it has one of at least as many pixels.
  private mutating func offer(_ file: URL, at place: String, to position: Int) {
    guard let former = entries[position].file else {
      entries[position].file = file
      foundAt[position] = place
      return
    }
    let (there, here) = (Self.size(of: former), Self.size(of: file))
    let isLarger = here.pixels > there.pixels
    exclusions.append(
      ImportExclusion(
        path: isLarger ? foundAt[position] : place, reason: .lesserCopy,
        detail: isLarger
          ? "\(there.text); \(place) has \(here.text)" : "\(here.text); \(foundAt[position]) has \(there.text)"))
    guard isLarger else { return }
    entries[position].file = file
    foundAt[position] = place
  }

  /// Of what is really in a file: one that is cut off counts for nothing.
  private static func size(of file: URL) -> (pixels: Int, text: String) {
    guard let image = try? DecodedImage(contentsOf: file.path) else { return (0, "no image") }
    return (image.originalWidth * image.originalHeight, "\(image.originalWidth) x \(image.originalHeight)")
  }

  /// Gives the files that no table of their own folder names to the rows of other folders.
  mutating func settle() {
    var byStem: [String: Int] = [:]
    for (position, entry) in entries.enumerated() { byStem[SourceFiles.stem(entry.path).lowercased()] = position }
    for (path, stem, url, prefix) in unlisted {
      // A second file of a name in the folder whose table already has a file for that name belongs to no row.
      if let position = byStem[stem], !listedBy[position].contains(prefix) || entries[position].file == nil {
        offer(url, at: path, to: position)
      } else {
        exclusions.append(ImportExclusion(path: path, reason: .unlisted))
      }
    }
    unlisted = []
  }
}
