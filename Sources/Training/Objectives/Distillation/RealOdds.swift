import RadiographData
import RadiographModels
import RadiologyReports
import Support
import Torch

// B batch, H height, W width, L labels

/// Real radiographs of adults, and what is known of each.
struct ExampleRadiographs {
  /// In batches of any size, `[B, 1, H, W]`.
  var images_B1HW: [Tensor]
  /// Of every image, one after another.
  var attributes: [RadiographAttributes]
}

extension ExampleRadiographs {
  /// Those of a part: of every label at most `limit` that have it, and twice as many that are called normal.
  ///
  /// - Throws: `DatasetError`, what reading the images throws.
  init(_ part: PixelBatches, labels: [String], limit: Int = 96) throws {
    var (normal, shown): ([Int], [String: [Int]]) = ([], [:])
    try part.records.forEach { index, record in
      let attributes = record.attributes
      guard ImageTrait.child.holds(for: attributes) != true, attributes.view != .lateral else { return }
      if attributes.isCalledNormal { normal.append(index) }
      for label in Set(labels) where attributes.state(of: label) == .positive {
        shown[label, default: []].append(index)
      }
    }
    // At equal distances, since images lie source by source.
    let chosen = Set(shown.values.flatMap { $0.evenlySpaced(limit) } + normal.evenlySpaced(2 * limit)).sorted()
    let batch = 32
    images_B1HW = try stride(from: 0, to: chosen.count, by: batch).map { start in
      try part.images(chosen[start..<min(start + batch, chosen.count)])
    }
    attributes = []
    var left = chosen[...]
    try part.records.forEach { index, record in
      guard index == left.first else { return }
      attributes.append(record.attributes)
      left.removeFirst()
    }
  }
}

/// What a classifier says of real radiographs, which is what is asked of drawn ones.
struct RealOdds {
  /// Log odds of each label on radiographs that have it, and on normal ones, in order of size; none where there are fewer
  /// than ``leastCount``.
  var present: [[Double]]
  var absent: [[Double]]
  /// Of a network of places, the log odds of up over down of each label on normal radiographs, where nothing is to be seen;
  /// nil of any other.
  var usualHeight_1L: Tensor?

  /// Fewer radiographs are too few for a share of them.
  static let leastCount = 10

  /// What a share of the radiographs with a label stays below, or what one of the normal radiographs stays above where the label
  /// is to be absent; nil without them.
  func target(_ label: Int, isPresent: Bool, share: Double) -> Double? {
    let odds = isPresent ? present[label] : absent[label]
    return odds.isEmpty ? nil : odds.quantile(ofSorted: isPresent ? share : 1 - share)
  }
}

extension RealOdds {
  /// - Throws: `TorchError`.
  init(_ classifier: LabelClassifier, of examples: ExampleRadiographs, device: Device) throws {
    let labels = classifier.architecture.labels
    let saysPlaces = classifier.architecture.network == .places
    var (logits, heights): ([[Double]], [[Double]]) = ([], [])
    try withoutGradients {
      for image_B1HW in examples.images_B1HW {
        let image_B1HW = try image_B1HW.to(device)
        guard saysPlaces else {
          logits += try classifier(image_B1HW).rows()
          continue
        }
        let odds = try classifier.placeOdds(image_B1HW)
        logits += try odds.logits_BL.rows()
        heights += try odds.upward_BL.rows()
      }
    }
    let rows = examples.attributes.indices
    let normal = rows.filter { examples.attributes[$0].isCalledNormal }
    func ordered(_ chosen: [Int], _ label: Int) -> [Double] {
      chosen.count < Self.leastCount ? [] : chosen.map { logits[$0][label] }.sorted()
    }
    present = labels.enumerated().map { column, label in
      ordered(rows.filter { examples.attributes[$0].state(of: label) == .positive }, column)
    }
    absent = labels.indices.map { ordered(normal, $0) }
    guard saysPlaces else { return }
    let usual = labels.indices.map { label in
      normal.isEmpty ? 0 : Float(normal.reduce(0) { $0 + heights[$1][label] } / Double(normal.count))
    }
    usualHeight_1L = try Tensor(usual, shape: [1, labels.count]).to(device)
  }
}

extension RadiographAttributes {
  fileprivate var isCalledNormal: Bool {
    [NIHLabels.noFinding, KermanyLabels.normal].contains { state(of: $0) == .positive }
  }
}

extension Tensor {
  /// The numbers of each row of a matrix.
  fileprivate func rows() throws -> [[Double]] {
    let values = try to(.cpu).doubles()
    return (0..<shape[0]).map { row in Array(values[row * shape[1]..<(row + 1) * shape[1]]) }
  }
}
