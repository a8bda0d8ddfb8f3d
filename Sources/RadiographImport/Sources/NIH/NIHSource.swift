import DelimitedText
import Foundation
import RadiographData

/// NIH ChestX-ray14 as the Clinical Center ships it: `Data_Entry_2017*.csv`, and PNG files in `images/` or in
/// `images_001/images` to `images_012/images`, or any other folders.
///
/// Ages of the first edition have a unit ("058Y", "011M", "009D"), later ones are years.
public enum NIHSource {
  /// Reads the table of one folder and finds its images; decodes none.
  ///
  /// - Parameter official: the publisher's `train_val_list.txt` and `test_list.txt` decide the split.
  /// - Throws: as `list(_:name:annotations:official:links:)`.
  public static func list(
    _ root: URL, official: OfficialSplit? = nil, links: SourceLinks = .inside
  ) throws(DatasetError) -> ImportSource {
    try list([root], official: official, links: links)
  }

  /// Reads the tables of several folders as one source and finds their images, each by its name in any of the folders.
  ///
  /// A patient may stand in several folders. An image that lies in several is taken once, from the folder where it has
  /// the most pixels; only such images are decoded here.
  ///
  /// - Parameters:
  ///   - roots: Folders of which at least one has a table; those without one only hold images.
  ///   - name: The source's name in the dataset. Sources of other names share their patients with it, and its splits.
  ///   - annotations: Files of boxes, or folders that hold some, beside the `BBox_List_2017*.csv` in `roots`.
  ///   - official: the publisher's `train_val_list.txt` and `test_list.txt` in the first folder decide the split.
  /// - Throws: `DatasetError.sourceMissing`, also if the lists are asked for and not there; `.malformedTable`,
  ///   `.malformedAnnotations`, `.inputOutput`.
  public static func list(
    _ roots: [URL], name: String = "nih", annotations: [URL] = [], official: OfficialSplit? = nil,
    links: SourceLinks = .inside
  ) throws(DatasetError) -> ImportSource {
    let places = try NIHPlace.places(roots)
    guard let first = places.first else { throw .sourceMissing(path: "", remedy: "name the folder of the table") }
    let lists = official == nil ? nil : try NIHSplitLists(in: first.root)
    var pool = NIHPool()
    var boxes = ImageBoxes()
    var hasTable = false
    for place in places {
      let folder = try SourceFolder(place.root, links: links) { ImageScanner.extensions.contains($0) }
      let table = try place.table()
      hasTable = hasTable || table != nil
      pool.add(try NIHListing(place, folder, table: table, lists: lists, official: official))
      for url in place.boxLists() { try boxes.read(url) }
    }
    guard hasTable else {
      throw .sourceMissing(
        path: first.root.appendingPathComponent("Data_Entry_2017_v2020.csv").path,
        remedy: "put the publisher's table beside the image folders")
    }
    for url in annotations { try boxes.read(fileOrFolder: url) }
    pool.settle()
    var exclusions = pool.exclusions
    var entries = pool.entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    exclusions += boxes.give(to: &entries, normal: NIHLabels.noFinding)
    exclusions += OfficialSplit.dropConflictingSexes(&entries)
    exclusions += OfficialSplit.unify(&entries)

    var source = ImportSource(
      name: name, kind: "nih", licence: "Free to use and redistribute with attribution (NIH Clinical Center)",
      attribution: "NIH Clinical Center; Wang et al., ChestX-ray8, CVPR 2017", vocabulary: NIHLabels.vocabulary,
      root: first.root, entries: entries, exclusions: exclusions, unfollowedLinks: pool.unfollowedLinks)
    source.furtherRoots = places.dropFirst().map(\.root)
    return source
  }
}

/// A folder of the collection.
struct NIHPlace {
  let root: URL
  /// What stands before paths and rows of this folder in what is reported; empty if there is no other folder.
  let prefix: String

  /// The folders, each once, wherever links to it lie.
  static func places(_ roots: [URL]) throws(DatasetError) -> [NIHPlace] {
    var seen: Set<String> = []
    let roots = roots.filter { seen.insert($0.resolvingSymlinksInPath().standardizedFileURL.path).inserted }
    let names = roots.map { $0.standardizedFileURL.lastPathComponent }
    return zip(roots, names).enumerated().map { index, place in
      let (root, name) = place
      guard roots.count > 1 else { return NIHPlace(root: root, prefix: "") }
      let isAlone = names.count { $0 == name } == 1
      return NIHPlace(root: root, prefix: isAlone ? "\(name)/" : "\(index + 1):\(name)/")
    }
  }

  /// The publisher's table, nil if this folder has none. Its name differs by edition; of several, the last by name is
  /// the newest.
  func table() throws(DatasetError) -> SourceTable? {
    guard let name = names(beginning: "data_entry_2017").last else { return nil }
    return try SourceTable(contentsOf: root.appendingPathComponent(name))
  }

  func boxLists() -> [URL] { names(beginning: "bbox_list_2017").map { root.appendingPathComponent($0) } }

  private func names(beginning: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.filter { $0.lowercased().hasPrefix(beginning) && $0.lowercased().hasSuffix(".csv") }.sorted()
  }
}
