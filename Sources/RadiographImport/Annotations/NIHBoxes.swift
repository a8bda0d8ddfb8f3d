import DelimitedText
import Foundation
import RadiographData

/// The publisher's boxes of 880 images, one a row: `BBox_List_2017.csv`.
///
/// The table's header has the four numbers under one name that is itself full of commas (`Bbox [x,y,w,h]`), and empty
/// columns behind it, so that numbers are found by their place behind the label.
enum NIHBoxes {
  static let annotator = "nih-boxes"

  /// - Throws: `DatasetError.malformedTable` if the columns are others; `.inputOutput`.
  static func items(of url: URL) throws(DatasetError) -> [BoxList.Item] {
    let table = try SourceTable(contentsOf: url)
    let imageColumn = try table.require("Image Index")
    let labelColumn = try table.require("Finding Label")
    guard let first = table.columns.firstIndex(where: { $0.lowercased().hasPrefix("bbox") }) else {
      throw .malformedTable(path: url.path, reason: "no column Bbox [x,y,w,h]")
    }
    var items: [BoxList.Item] = []
    try table.forEachRow { row in
      let place = "row \(row.number)"
      guard let image = row.name(imageColumn), let label = row.name(labelColumn) else {
        items.append(.malformed(place: place, detail: "no image or no label"))
        return
      }
      let texts = (0..<4).map { row.text(first + $0) }
      let numbers = texts.compactMap { $0.flatMap(Double.init) }
      guard numbers.count == 4 else {
        items.append(.malformed(place: place, detail: "\(image): not four numbers"))
        return
      }
      guard let name = Self.label(label) else {
        items.append(.unknownLabel(place: place, label: label))
        return
      }
      let side = BoxList.side
      let box = ImageBox(
        x: numbers[0] / side, y: numbers[1] / side, width: numbers[2] / side, height: numbers[3] / side)
      // A negative side would come out as a box all the same.
      let isBox = numbers[2] > 0 && numbers[3] > 0
      items.append(
        .box(
          place: place, image: image,
          AnnotatedBox(label: name, annotator: annotator, box: box, polygon: isBox ? nil : FindingOutline([]))))
    }
    return items
  }

  /// The table of labels has another word for infiltrates.
  private static func label(_ text: String) -> String? {
    if text.lowercased() == "infiltrate" { return "Infiltration" }
    return NIHLabels.findings.first { $0.lowercased() == text.lowercased() }
  }
}
