import Foundation
import RadiographData
import Support

/// ChestX-Det's lists (Lian et al., "A structure-aware relation network for thoracic diseases detection and
/// segmentation", 2021): an array with an object for each image, whose `syms`, `boxes` and, if there are any, `polygons`
/// have an element for each finding. A box is left, top, right, bottom.
enum ChestXDetBoxes {
  static let annotator = ImageFinding.chestXDet
  private static let sizeLimit = 256 << 20

  /// The labels that NIH has another word for, and those that it has none for.
  private static let labels: [String: String] = [
    "atelectasis": "Atelectasis", "calcification": "Calcification", "cardiomegaly": "Cardiomegaly",
    "consolidation": "Consolidation", "diffuse nodule": "Nodule", "effusion": "Effusion", "emphysema": "Emphysema",
    "fibrosis": "Fibrosis", "fracture": "Fracture", "mass": "Mass", "nodule": "Nodule",
    "pleural thickening": "Pleural_Thickening", "pneumothorax": "Pneumothorax",
  ]

  /// - Throws: `DatasetError.malformedTable` if it is not JSON, or no list of images; `.inputOutput`.
  static func items(of url: URL) throws(DatasetError) -> [BoxList.Item] {
    let data: Data
    do {
      data = try BoundedFile.contents(of: url.path, limit: sizeLimit)
    } catch {
      throw error.reason == .tooLarge(limit: sizeLimit)
        ? .malformedTable(path: url.path, reason: "it has more than \(sizeLimit) bytes")
        : .inputOutput(path: url.path, reason: error.fact)
    }
    let document: JSONDocument
    do {
      document = try JSONDocument(parsing: [UInt8](data))
    } catch {
      throw .malformedTable(path: url.path, reason: "it is not JSON, \(error)".onOneLine())
    }
    guard let images = document.array else {
      throw .malformedTable(path: url.path, reason: "it is no list of images with their boxes")
    }
    return images.enumerated().flatMap { index, image in items(of: image, place: "entry \(index + 1)") }
  }

  private static func items(of image: JSONDocument, place: String) -> [BoxList.Item] {
    guard let name = (image["image"] ?? image["file_name"])?.string, !name.isEmpty else {
      return [.malformed(place: place, detail: "no name of an image")]
    }
    guard let syms = image["syms"]?.array, let boxes = image["boxes"]?.array, syms.count == boxes.count else {
      return [.malformed(place: place, detail: "\(name.prefix(60)): not a box for each finding")]
    }
    let polygons = image["polygons"]?.array ?? []
    return syms.indices.map { index in
      let place = "\(place) box \(index + 1)"
      guard let label = syms[index].string else {
        return .malformed(place: place, detail: "\(name.prefix(60)): a finding without a name")
      }
      guard let known = labels[label.lowercased()] else { return .unknownLabel(place: place, label: label) }
      let numbers = (boxes[index].array ?? []).compactMap(\.double)
      guard numbers.count == 4, boxes[index].array?.count == 4 else {
        return .malformed(place: place, detail: "\(name.prefix(60)): a box that is not four numbers")
      }
      let side = BoxList.side
      let box = ImageBox(
        x: numbers[0] / side, y: numbers[1] / side, width: (numbers[2] - numbers[0]) / side,
        height: (numbers[3] - numbers[1]) / side)
      let isBox = box.width > 0 && box.height > 0
      let polygon = polygons.indices.contains(index) ? outline(polygons[index]).flatMap { $0.area > 0 ? $0 : nil } : nil
      return .box(
        place: place, image: name,
        AnnotatedBox(label: known, annotator: annotator, box: box, polygon: isBox ? polygon : FindingOutline([])))
    }
  }

  /// Returns nil if it is not at least three corners with two numbers each.
  private static func outline(_ polygon: JSONDocument) -> FindingOutline? {
    guard let corners = polygon.array, corners.count >= 3 else { return nil }
    var result: [FindingOutline.Corner] = []
    for corner in corners {
      let numbers = (corner.array ?? []).compactMap(\.double)
      guard numbers.count == 2 else { return nil }
      result.append(.init(x: numbers[0] / BoxList.side, y: numbers[1] / BoxList.side))
    }
    return FindingOutline(result)
  }
}

extension JSONDocument {
  /// nil for anything but a number.
  fileprivate var double: Double? { if case .number(let value) = self { value } else { nil } }
}
