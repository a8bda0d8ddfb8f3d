import Foundation
import RadiographData

/// Kermany, Zhang and Goldbaum's paediatric radiographs (Mendeley Data, 2018): files in folders `NORMAL` and
/// `PNEUMONIA`, at the top or below `train`, `val` and `test`.
///
/// The collection is of children of one to five years, taken anteroposteriorly; sex is not published. The publisher's
/// own `train` and `test` are not kept: the split goes by patient.
public enum KermanySource {
  /// Finds the images and reads their names; decodes none.
  ///
  /// - Throws: `DatasetError.sourceMissing`, `.unlistable` if a folder cannot be listed, `.sourceEmpty` if no image lies
  ///   in folders of these names.
  public static func list(_ root: URL, links: SourceLinks = .inside) throws(DatasetError) -> ImportSource {
    let tree = try SourceFolder(root, links: links) { ImageScanner.extensions.contains($0) }
    var entries: [ImportEntry] = []
    var exclusions = tree.exclusions
    for path in tree.files {
      let parts = path.split(separator: "/")
      let folder = parts.dropLast().last.map(String.init) ?? root.lastPathComponent
      guard let name = parts.last, let labels = labels(folder: folder.uppercased(), name: String(name)) else {
        exclusions.append(ImportExclusion(path: path, reason: .unlisted, detail: "not below NORMAL or PNEUMONIA"))
        continue
      }
      entries.append(
        ImportEntry(
          path: path, file: tree.url(path), patient: patient(String(name)), study: path,
          attributes: RadiographAttributes(labels: labels, view: .anteroposterior, age: AgeRange(1, 5)), sections: []))
    }
    guard !entries.isEmpty || tree.unfollowedLinks > 0 else {
      throw .sourceEmpty(path: root.path, expected: "images in folders NORMAL and PNEUMONIA")
    }
    return ImportSource(
      name: "kermany", kind: "kermany", licence: "CC BY 4.0",
      attribution: "Kermany, Zhang, Goldbaum, Mendeley Data 2018, doi:10.17632/rscbjbr9sj",
      vocabulary: [KermanyLabels.normal, KermanyLabels.pneumonia], root: root, entries: entries, exclusions: exclusions,
      unfollowedLinks: tree.unfollowedLinks)
  }

  private static func labels(folder: String, name: String) -> [String: LabelState]? {
    switch folder {
    case "NORMAL": return [KermanyLabels.normal: .positive]
    case "PNEUMONIA":
      var labels: [String: LabelState] = [KermanyLabels.pneumonia: .positive]
      let cause = name.lowercased()
      if cause.contains("bacteria") {
        labels[KermanyLabels.bacterial] = .positive
        labels[KermanyLabels.viral] = .negative
      } else if cause.contains("virus") {
        labels[KermanyLabels.viral] = .positive
        labels[KermanyLabels.bacterial] = .negative
      }
      return labels
    default: return nil
    }
  }

  /// `person12_bacteria_34` and `person12_virus_5` are patient `person12`; `IM-0115-0001` is `IM-0115`,
  /// `NORMAL2-IM-0059-0001-0002` is `NORMAL2-IM-0059`; `BACTERIA-1008087-0001` is `BACTERIA-1008087`. Any other name
  /// is a patient of its own.
  static func patient(_ fileName: String) -> String {
    let stem = fileName.lastIndex(of: ".").map { String(fileName[..<$0]) } ?? fileName
    if stem.hasPrefix("person"), let end = stem.firstIndex(of: "_") { return String(stem[..<end]) }
    let parts = stem.split(separator: "-")
    if let marker = parts.firstIndex(of: "IM"), marker + 2 < parts.count {
      return parts[...(marker + 1)].joined(separator: "-")
    }
    if parts.count == 3, ["NORMAL", "BACTERIA", "VIRUS"].contains(parts[0].uppercased()) {
      return parts[..<2].joined(separator: "-")
    }
    return stem
  }
}
