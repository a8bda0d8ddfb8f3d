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
  /// Those of a part: of every label at most `limit` that have it, and twice as many that are called normal; none that is blurred
  /// since its file is small.
  ///
  /// - Throws: `DatasetError`, what reading the images throws.
  init(_ part: PixelBatches, labels: [String], limit: Int = 96) throws {
    var (normal, shown): ([Int], [String: [Int]]) = ([], [:])
    try part.records.forEach { index, record in
      let attributes = record.attributes
      let isSharp = !record.isEnlarged(to: part.records.imageSize)
      guard isSharp, ImageTrait.child.holds(for: attributes) != true, attributes.view != .lateral else { return }
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
  var labels: LabelOdds
  /// Of a network of places, the log odds of up over down of each label on normal radiographs, where nothing is to be seen;
  /// nil of any other.
  var usualHeight_1L: Tensor?
}

extension RealOdds {
  /// - Throws: `TorchError`.
  init(_ classifier: LabelClassifier, of examples: ExampleRadiographs, device: Device) throws {
    let labels = classifier.architecture.labels
    var (logits, heights): ([[Double]], [[Double]]) = ([], [])
    try withoutGradients {
      for image_B1HW in examples.images_B1HW {
        let odds = try JudgeOdds(classifier, image_B1HW.to(device))
        logits += try odds.logits_BL.rows()
        heights += try odds.places?.upward_BL.rows() ?? []
      }
    }
    let normal = examples.attributes.indices.filter { examples.attributes[$0].isCalledNormal }
    let signs = examples.attributes.map { attributes in
      labels.map { label in attributes.state(of: label) == .positive ? 1.0 : attributes.isCalledNormal ? -1 : 0 }
    }
    self.labels = LabelOdds(logits, signs: signs, labels: labels.count)
    guard !heights.isEmpty else { return }
    let usual = labels.indices.map { label in
      normal.isEmpty ? 0 : Float(normal.reduce(0) { $0 + heights[$1][label] } / Double(normal.count))
    }
    usualHeight_1L = try Tensor(usual, shape: [1, labels.count]).to(device)
  }
}
