import RadiographData
import Torch

// B batch, L labels

/// What is known of the labels of a part's images.
struct LabelTargets {
  let labels: [String]
  /// Image by image and label by label, a byte each; nil where nothing is known.
  private let truths: [Bool?]
  /// The corruption that a label is; nil for others.
  private let corruptions: [ImageCorruption?]

  /// - Parameter truths: Image by image and label by label.
  init(_ labels: [String], truths: [Bool?]) {
    self.labels = labels
    self.truths = truths
    corruptions = labels.map(ImageCorruption.init)
  }

  /// - Throws: `DatasetError` if the index cannot be read.
  init(_ labels: [String], of records: RadiographRecords, _ settings: ClassifierSettings) throws {
    var truths: [Bool?] = []
    truths.reserveCapacity(records.count * labels.count)
    try records.forEach { _, record in
      for label in labels { truths.append(settings.truth(label, of: record)) }
    }
    self.init(labels, truths: truths)
  }

  /// Whether images are corrupted, so that some have a label.
  var hasCorruptions: Bool { corruptions.contains { $0 != nil } }

  /// What is known of a label of an image to which something is done. What a corrupted image shows else is unknown.
  private func truth(_ label: Int, of image: Int, _ draw: CorruptionDraw?) -> Bool? {
    guard let draw else { return truths[image * labels.count + label] }
    if let corruption = corruptions[label] { return draw.shows(corruption) }
    return draw.isControl ? truths[image * labels.count + label] : nil
  }

  /// What is known of a label of an image as it is.
  func truth(_ label: Int, of image: Int) -> Bool? { truth(label, of: image, nil) }

  /// What is known of one label over some images.
  ///
  /// - Parameter draws: What is done to each image; empty for nothing.
  func truths(of label: Int, images: [Int], draws: [CorruptionDraw?] = []) -> [Bool?] {
    images.enumerated().map { place, image in truth(label, of: image, draws.isEmpty ? nil : draws[place]) }
  }

  /// The share of images and labels of which something is known.
  var knownShare: Double {
    let intact = hasCorruptions ? 1 - Double(ImageCorruption.allCases.count) * CorruptionDraw.share : 1
    let known = truths.indices.reduce(0.0) { sum, index in
      truths[index] == nil ? sum : sum + (corruptions[index % labels.count] == nil ? intact : 1)
    }
    return known / Double(max(truths.count, 1))
  }

  /// How many images without each label there are for one with it, within 1/100...100.
  var ratios: [Double] {
    labels.indices.map { label in
      if corruptions[label] != nil { return (1 - CorruptionDraw.share) / CorruptionDraw.share }
      let known = stride(from: label, to: truths.count, by: labels.count).compactMap { truths[$0] }
      let positives = known.count { $0 }
      return min(max(Double(known.count - positives) / Double(max(positives, 1)), 0.01), 100)
    }
  }

  /// 1 for a label that an image has, and 0 for all others; 1 for what is known, and 0 for all else.
  ///
  /// - Parameter mirrored: For each image whether it is mirrored, which makes right-sided what was left-sided; empty for
  ///   none.
  /// - Parameter draws: What is done to each image; empty for nothing.
  /// - Throws: `TorchError`.
  func tensors(
    _ images: [Int], mirrored: [Bool] = [], draws: [CorruptionDraw?] = [], device: Device
  ) throws -> (target_BL: Tensor, known_BL: Tensor) {
    let side = labels.firstIndex(of: ImageTrait.rightSided.name)
    let rows = images.enumerated().flatMap { place, image in
      labels.indices.map { label -> Bool? in
        let truth = truth(label, of: image, draws.isEmpty ? nil : draws[place])
        return label == side && place < mirrored.count && mirrored[place] ? truth.map { !$0 } : truth
      }
    }
    let shape = [images.count, labels.count]
    return (
      try Tensor(rows.map { $0 == true ? 1 : 0 as Float }, shape: shape).to(device),
      try Tensor(rows.map { $0 == nil ? 0 : 1 as Float }, shape: shape).to(device)
    )
  }
}
