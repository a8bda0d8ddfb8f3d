import Foundation
import RadiographData

/// Boxes of NIH's images, by the image's name, as several files give them.
struct ImageBoxes {
  /// How far a box may reach out of its image, in parts of the image's side, and is cut off there.
  private static let overhang = 0.02

  private var boxes: [String: [AnnotatedBox]] = [:]
  /// Of each file, the images that it has boxes of, in its order.
  private var files: [(name: String, images: [String])] = []
  private(set) var exclusions: [ImportExclusion] = []

  /// Reads a file, or all files of a folder that are lists of boxes.
  ///
  /// - Throws: `DatasetError.sourceMissing` if nothing is there, or a folder has no list; else as `read(_:)`.
  mutating func read(fileOrFolder url: URL) throws(DatasetError) {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw .sourceMissing(path: url.path, remedy: "name a list of boxes, or a folder that holds some")
    }
    guard SourceFolder.isFolder(url) else { return try read(url) }
    let folder = try SourceFolder(url) { $0 == "json" || $0 == "csv" }
    let lists = folder.files.filter { path in
      let name = SourceFiles.lastPart(path).lowercased()
      return name.hasSuffix(".json") || name.hasPrefix("bbox_list")
    }
    guard !lists.isEmpty else {
      throw .sourceMissing(
        path: url.appendingPathComponent("BBox_List_2017.csv").path, remedy: "name a folder that holds lists of boxes")
    }
    for path in lists { try read(folder.url(path)) }
  }

  /// Reads NIH's `BBox_List_2017.csv`, or a list of ChestX-Det's (`.json`).
  ///
  /// - Throws: `DatasetError.malformedTable` if the file is no list of boxes; `.inputOutput`.
  mutating func read(_ url: URL) throws(DatasetError) {
    let name = url.lastPathComponent
    let list: [BoxList.Item]
    if url.pathExtension.lowercased() == "json" {
      list = try ChestXDetBoxes.items(of: url)
    } else {
      list = try NIHBoxes.items(of: url)
    }
    var images: [String] = []
    for item in list {
      switch item {
      case .malformed(let place, let detail): exclude("\(name) \(place)", .malformedRow, detail)
      case .unknownLabel(let place, let label): exclude("\(name) \(place)", .unknownLabel, String(label.prefix(60)))
      case .box(let place, let image, var box):
        guard let inside = Self.fitted(box.outline) else {
          exclude("\(name) \(place)", .malformedBox, "\(image): \(Self.text(box.box))")
          continue
        }
        box.outline = inside
        box.box = inside.bounds ?? box.box
        let key = Self.key(image)
        images.append(key)
        add(box, to: key)
      }
    }
    files.append((name, images))
  }

  /// The same rectangle by the same people may stand in two files, of which one has the outline.
  private mutating func add(_ box: AnnotatedBox, to key: String) {
    let same = boxes[key]?.firstIndex {
      $0.label == box.label && $0.annotator == box.annotator && Self.isNear($0.box, box.box)
    }
    guard let same else {
      boxes[key, default: []].append(box)
      return
    }
    if box.outline.corners.count > 4 { boxes[key]?[same].outline = box.outline }
  }

  private static func isNear(_ one: ImageBox, _ other: ImageBox) -> Bool {
    let differences = [
      one.x - other.x, one.y - other.y, one.x + one.width - other.x - other.width,
      one.y + one.height - other.y - other.height,
    ]
    return differences.allSatisfy { abs($0) < 0.005 }
  }

  /// Cuts off what reaches a little out of the image.
  ///
  /// - Returns: nil if it has no area, a corner without numbers, or one far outside.
  private static func fitted(_ outline: FindingOutline) -> FindingOutline? {
    let allowed = -overhang...(1 + overhang)
    guard outline.corners.allSatisfy({ allowed.contains($0.x) && allowed.contains($0.y) }) else { return nil }
    let inside = FindingOutline(
      outline.corners.map { .init(x: min(max($0.x, 0), 1), y: min(max($0.y, 0), 1)) })
    return inside.area > 0 ? inside : nil
  }

  private static func text(_ box: ImageBox) -> String {
    [box.x, box.y, box.width, box.height].map { value in
      value.isFinite ? "\((value * 10_000).rounded() / 100) %" : "no number"
    }.joined(separator: ", ")
  }

  private mutating func exclude(_ path: String, _ reason: ImportExclusion.Reason, _ detail: String) {
    exclusions.append(ImportExclusion(path: path, reason: reason, detail: detail))
  }

  private static func key(_ image: String) -> String {
    SourceFiles.stem(SourceFiles.lastPart(image.replacing("\\", with: "/"))).lowercased()
  }

  /// Gives every entry its boxes, and their names as labels. What people see wins over a label that says that nothing is
  /// there.
  ///
  /// - Returns: what is wrong in the files, and a note for each file that has boxes of images that are not listed.
  func give(to entries: inout [ImportEntry], normal: String) -> [ImportExclusion] {
    var notes = exclusions
    if boxes.isEmpty && files.isEmpty { return notes }
    var listed: Set<String> = []
    for index in entries.indices {
      let key = Self.key(entries[index].path)
      listed.insert(key)
      guard let found = boxes[key] else { continue }
      entries[index].boxes = found
      for box in found { entries[index].attributes.labels[box.label] = .positive }
      guard entries[index].attributes.labels.removeValue(forKey: normal) != nil else { continue }
      notes.append(
        ImportExclusion(
          path: entries[index].path, reason: .conflictingLabel,
          detail: "\(normal), and \(Set(found.map(\.label)).sorted().joined(separator: ", ")) in a box"))
    }
    for (name, images) in files {
      let strangers = images.filter { !listed.contains($0) }
      guard let first = strangers.first else { continue }
      notes.append(
        ImportExclusion(
          path: name, reason: .unknownImage,
          detail: "\(strangers.count) of \(images.count) boxes are of images in no folder, the first of \(first)"))
    }
    return notes
  }
}

/// What a list of boxes holds.
enum BoxList {
  enum Item {
    case box(place: String, image: String, AnnotatedBox)
    case malformed(place: String, detail: String)
    case unknownLabel(place: String, label: String)
  }

  /// Both lists are in pixels of the publisher's images, which are squares of this side.
  static let side = 1024.0
}
