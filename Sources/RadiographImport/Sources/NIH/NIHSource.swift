import DelimitedText
import Foundation
import RadiographData

/// NIH ChestX-ray14 as the Clinical Center ships it: `Data_Entry_2017*.csv`, and PNG files in `images/` or in
/// `images_001/images` to `images_012/images`, or any other folders.
///
/// Ages of the first edition have a unit ("058Y", "011M", "009D"), later ones are years.
public enum NIHSource {
  /// Reads the table and finds the images; decodes none.
  ///
  /// - Parameter official: the publisher's `train_val_list.txt` and `test_list.txt` decide the split.
  /// - Throws: `DatasetError.sourceMissing`, also if the lists are asked for and not there; `.malformedTable`,
  ///   `.inputOutput`.
  public static func list(
    _ root: URL, official: OfficialSplit? = nil, links: SourceLinks = .inside
  ) throws(DatasetError) -> ImportSource {
    let folder = try SourceFolder(root, links: links) { ImageScanner.extensions.contains($0) }
    let table = try SourceTable(contentsOf: tableURL(in: root))
    let nameColumn = try table.require("Image Index")
    let labelColumn = try table.require("Finding Labels")
    let patientColumn = try table.require("Patient ID")
    let followUpColumn = table.index(of: "Follow-up #")
    let ageColumn = table.index(of: "Patient Age")
    let sexColumn = table.index(of: "Patient Gender", "Patient Sex")
    let viewColumn = table.index(of: "View Position")
    let lists = official == nil ? nil : try NIHSplitLists(in: root)

    let vocabulary = NIHLabels.findings + [NIHLabels.noFinding]
    let known = Set(vocabulary)
    var images = ListedImages(folder, images: folder.files, by: .name, naming: .row)
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
      images.append(
        ImportEntry(
          path: name.path, file: nil, patient: patient, study: row.name(followUpColumn) ?? name.path,
          attributes: reading.attributes, sections: [],
          split: lists?.split(of: name.path, patient: patient, official)), name, row: place)
    }
    images.settle()
    var exclusions = images.exclusions + images.unlisted.map { ImportExclusion(path: $0, reason: .unlisted) }
    var entries = images.entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    exclusions += OfficialSplit.dropConflictingSexes(&entries)
    exclusions += OfficialSplit.unify(&entries)

    return ImportSource(
      name: "nih", kind: "nih", licence: "Free to use and redistribute with attribution (NIH Clinical Center)",
      attribution: "NIH Clinical Center; Wang et al., ChestX-ray8, CVPR 2017", vocabulary: vocabulary, root: root,
      entries: entries, exclusions: exclusions, unfollowedLinks: folder.unfollowedLinks)
  }

  /// The table's name differs by edition; of several, the last by name is the newest.
  private static func tableURL(in root: URL) throws(DatasetError) -> URL {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    let tables = names.filter { $0.lowercased().hasPrefix("data_entry_2017") && $0.lowercased().hasSuffix(".csv") }
      .sorted()
    guard let name = tables.last else {
      throw .sourceMissing(
        path: root.appendingPathComponent("Data_Entry_2017_v2020.csv").path,
        remedy: "put the publisher's table beside the image folders")
    }
    return root.appendingPathComponent(name)
  }
}

/// The publisher's lists of images, a name a line.
struct NIHSplitLists {
  private let trainAndValidation: Set<String>
  private let test: Set<String>

  init(in root: URL) throws(DatasetError) {
    trainAndValidation = try Self.names("train_val_list.txt", in: root)
    test = try Self.names("test_list.txt", in: root)
  }

  /// Returns nil for an image on neither list.
  func split(of name: String, patient: String, _ official: OfficialSplit?) -> DatasetSplit? {
    let name = Self.key(name)
    if test.contains(name) { return .test }
    return trainAndValidation.contains(name) ? official?.trainOrValidation(patient: "nih/\(patient)") : nil
  }

  private static func names(_ file: String, in root: URL) throws(DatasetError) -> Set<String> {
    let url = SourceFolder.file(file, in: root) ?? root.appendingPathComponent(file)
    guard let data = try? Data(contentsOf: url) else {
      throw .sourceMissing(path: url.path, remedy: "put the publisher's list there, or leave out --official-split")
    }
    let text: String
    do {
      text = try CharacterEncoding.text(data)
    } catch {
      throw .malformedTable(path: url.path, reason: "it is not text")
    }
    return Set(text.split(whereSeparator: \.isNewline).map { key($0.trimmingCharacters(in: .whitespaces)) })
  }

  /// A list may name a converted image, or its folder.
  private static func key(_ name: String) -> String {
    SourceFiles.stem(SourceFiles.lastPart(name.replacing("\\", with: "/"))).lowercased()
  }
}
