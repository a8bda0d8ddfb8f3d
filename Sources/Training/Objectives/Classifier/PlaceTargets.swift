import RadiographData
import Torch

// B batch, L labels, h height and w width of a map

/// What is known of where labels are seen, from the boxes that people marked.
struct PlaceTargets {
  /// What a place counts that is outside of every box, where it is not certain that all was marked; 1 is one in a box.
  private static let doubt: Float = 0.25

  private struct Mark {
    var label: Int
    var box: ImageBox
  }

  private let labels: Int
  /// By image.
  private let marks: [[Mark]]
  /// What an unmarked place counts, image by image and label by label: 0 where the label may be anywhere.
  private let elsewhere: [Float]

  /// - Parameter truths: What is known of the labels of the same images.
  /// - Throws: `DatasetError` if the index cannot be read.
  init(_ truths: LabelTargets, of records: RadiographRecords) throws {
    var findings: [[ImageFinding]] = []
    try records.forEach { _, record in findings.append(record.attributes.findings) }
    self.init(truths, findings: findings)
  }

  /// - Parameter findings: What is marked in each image.
  init(_ truths: LabelTargets, findings: [[ImageFinding]]) {
    var columns: [String: Int] = [:]
    for (label, name) in truths.labels.enumerated() { columns[name] = label }
    // What those who marked all that they saw were looking for.
    let sought = Set(findings.joined().lazy.filter(\.isOfAllThatWasSeen).compactMap { columns[$0.name] })
    labels = truths.labels.count
    let marks = findings.map { found in
      found.compactMap { finding in columns[finding.name].map { Mark(label: $0, box: finding.box) } }
    }
    self.marks = marks
    elsewhere = findings.indices.flatMap { image in
      let isSearched = findings[image].contains(where: \.isOfAllThatWasSeen)
      let marked = Set(marks[image].map(\.label))
      return truths.labels.indices.map { label -> Float in
        if isSearched, sought.contains(label) { return 1 }
        return marked.contains(label) || truths.truth(label, of: image) == false ? Self.doubt : 0
      }
    }
  }

  /// How many images have a mark.
  var markedCount: Int { marks.count { !$0.isEmpty } }

  /// Whether an image has a mark.
  func isMarked(_ image: Int) -> Bool { !marks[image].isEmpty }

  /// Maps of what is to be seen where.
  ///
  /// - Parameters:
  ///   - change: Where a box lies in the image of a row of the batch, which was changed.
  ///   - side: Of the maps.
  /// - Returns: The share of each place that is in a box, or 1 for the place that has most of a box smaller than a place; and
  ///   what the place counts. `[B, L, side, side]` both.
  /// - Throws: `TorchError`.
  func tensors(
    _ images: [Int], side: Int, device: Device, change: (_ row: Int, _ box: ImageBox) -> ImageBox
  ) throws -> (target_BLhw: Tensor, weight_BLhw: Tensor) {
    let places = side * side
    var target = [Float](repeating: 0, count: images.count * labels * places)
    var weight: [Float] = []
    weight.reserveCapacity(target.count)
    for image in images {
      for label in 0..<labels {
        weight.append(contentsOf: repeatElement(elsewhere[image * labels + label], count: places))
      }
    }
    for (row, image) in images.enumerated() {
      for mark in marks[image] {
        let start = (row * labels + mark.label) * places
        for (place, share) in Self.shares(of: change(row, mark.box), side: side) {
          target[start + place] = max(target[start + place], share)
          weight[start + place] = 1
        }
      }
    }
    let shape = [images.count, labels, side, side]
    return (try Tensor(target, shape: shape).to(device), try Tensor(weight, shape: shape).to(device))
  }

  /// The places that a box reaches into, with the share of each that it covers.
  private static func shares(of box: ImageBox, side: Int) -> [(place: Int, share: Float)] {
    func covered(_ start: Double, _ length: Double) -> [(Int, Double)] {
      let (low, high) = (start * Double(side), (start + length) * Double(side))
      return (0..<side).compactMap { index in
        let share = min(Double(index + 1), high) - max(Double(index), low)
        return share > 0 ? (index, share) : nil
      }
    }
    let shares = covered(box.y, box.height).flatMap { row, down in
      covered(box.x, box.width).map { column, across in (row * side + column, Float(down * across)) }
    }
    let greatest = shares.map(\.1).max() ?? 0
    return shares.map { ($0.0, greatest < 0.5 ? $0.1 / greatest : $0.1) }
  }
}
