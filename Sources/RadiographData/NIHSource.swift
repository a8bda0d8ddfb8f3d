import Foundation

/// NIH ChestX-ray14 as the Clinical Center ships it: `Data_Entry_2017*.csv`, and PNG files in `images/` or in
/// `images_001/images` to `images_012/images`.
public enum NIHSource {
  /// Wang et al., "ChestX-ray8", CVPR 2017: the text-mined labels of version 14.
  public static let findings = [
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
  ]
  public static let noFinding = "No Finding"

  /// Reads the table and finds the images; decodes none.
  public static func list(_ root: URL) throws(DatasetError) -> ImportSource {
    let images = try ImageScanner.images(below: root)
    let table = try CSVTable(contentsOf: tableURL(in: root))
    guard let nameColumn = table.index(of: "Image Index"), let labelColumn = table.index(of: "Finding Labels"),
      let patientColumn = table.index(of: "Patient ID")
    else {
      throw .malformedTable(
        path: try tableURL(in: root).path, reason: "no column Image Index, Finding Labels or Patient ID")
    }
    let followUpColumn = table.index(of: "Follow-up #")
    let ageColumn = table.index(of: "Patient Age")
    let sexColumn = table.index(of: "Patient Gender", "Patient Sex")
    let viewColumn = table.index(of: "View Position")

    var files: [String: String] = [:]
    for path in images {
      let name = String(path.split(separator: "/").last ?? "")
      if files[name] == nil { files[name] = path }
    }
    var entries: [String: ImportEntry] = [:]
    var exclusions: [ImportExclusion] = []
    for (number, row) in table.rows.enumerated() {
      guard let name = CSVTable.cell(row, nameColumn), let patient = CSVTable.cell(row, patientColumn),
        !name.contains("/")
      else {
        exclusions.append(ImportExclusion(path: "row \(number + 2)", reason: .malformedRow))
        continue
      }
      guard entries[name] == nil else {
        exclusions.append(ImportExclusion(path: name, reason: .duplicateRow, detail: "row \(number + 2)"))
        continue
      }
      entries[name] = ImportEntry(
        path: name, file: files[name].map { root.appendingPathComponent($0) }, patient: patient,
        study: CSVTable.cell(row, followUpColumn) ?? name,
        attributes: RadiographAttributes(
          labels: RadiographAttributes.labels(listed: CSVTable.cell(row, labelColumn)),
          view: CSVTable.cell(row, viewColumn).flatMap { ViewPosition(rawValue: $0.uppercased()) } ?? .frontal,
          age: CSVTable.cell(row, ageColumn).flatMap(age), sex: CSVTable.cell(row, sexColumn).flatMap(sex)),
        sections: [])
    }
    let unlisted = files.filter { entries[$0.key] == nil }
    exclusions += unlisted.values.sorted().map { ImportExclusion(path: $0, reason: .unlisted) }

    return ImportSource(
      name: "nih", kind: "nih", licence: "Free to use and redistribute with attribution (NIH Clinical Center)",
      attribution: "NIH Clinical Center; Wang et al., ChestX-ray8, CVPR 2017", vocabulary: findings + [noFinding],
      root: root, entries: entries.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) },
      exclusions: exclusions)
  }

  /// The table's name differs by edition; where several are there, the last by name is the newest.
  private static func tableURL(in root: URL) throws(DatasetError) -> URL {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    let tables = names.filter { $0.hasPrefix("Data_Entry_2017") && $0.lowercased().hasSuffix(".csv") }.sorted()
    guard let name = tables.last else {
      throw .sourceMissing(
        path: root.appendingPathComponent("Data_Entry_2017_v2020.csv").path,
        remedy: "put the publisher's table beside the image folders")
    }
    return root.appendingPathComponent(name)
  }

  /// "58", or with a unit as in the first edition: "058Y", "011M", "003D". Above 120 years is a slip of the source.
  static func age(_ text: String) -> AgeRange? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Double(digits) else { return nil }
    let years: Double
    switch text.dropFirst(digits.count).uppercased() {
    case "", "Y": years = number
    case "M": years = number / 12
    case "D": years = number / 365.25
    default: return nil
    }
    return years <= 120 ? AgeRange(years) : nil
  }

  static func sex(_ text: String) -> PatientSex? {
    switch text.uppercased() {
    case "F", "FEMALE": .female
    case "M", "MALE": .male
    default: nil
    }
  }
}
