import ImageFiles
import RadiographData
import RadiologyReports

/// A trial of computed findings: what is needed to train and test a classifier that tells them from real ones.
///
/// It sees a square around the finding, so that it is asked how the finding looks: who has a real one is often ill in other ways,
/// and lies in bed.
package enum ComputedTrial {
  /// What an image with a computed finding has, and one with a real finding has not.
  package static let label = "Computed"
  /// Pixels a side of what the classifier sees.
  package static let side = 128
  /// The square's side over the greater of the box's.
  private static let margin = 1.6
  /// The bounds of the square's side, in parts of the image's.
  private static let sides = 0.3...0.7

  /// Squares around findings of this kind that people marked in radiographs of adults, and as many around computed ones, each
  /// in its own part.
  ///
  /// - Throws: `DatasetError` if the dataset cannot be read.
  package static func source(
    of kind: ComputedFinding.Kind, in dataset: RadiographDataset, seed: UInt64
  ) throws -> ImportSource {
    let records = try dataset.records().filter { !$0.isComputed }
    var entries: [ImportEntry] = []
    for split in DatasetSplit.allCases {
      let part = records.filter { $0.split == split }
      let marked = part.filter(ComputedSource.isOfAdult).flatMap { record in
        record.attributes.findings.filter { $0.origin == .people && kind.labels.contains($0.name) }
          .map { (record: record, finding: $0) }
      }
      entries += marked.enumerated().map { index, found in
        entry(found.record, named: "\(index) real", isComputed: false, around: found.finding.box) {
          try dataset.image(of: found.record)
        }
      }
      let normal = try ComputedSource.normal(among: part, of: dataset, seed: seed)
      guard !normal.isEmpty else { continue }
      entries += marked.indices.compactMap { index in
        let (record, lungs) = normal[index % normal.count]
        var random = DrawingRandom(.findings, seed: seed, index: index)
        // Where the real one is that it stands beside: where findings are says nothing of how they look.
        let real = marked[index].finding
        let side = real.side.flatMap { $0 == .bilateral ? nil : $0 } ?? (random.chance(0.5) ? .right : .left)
        let finding = ComputedFinding(
          kind, side: side, zone: random.pick(real.zones.isEmpty ? ImageFinding.Zone.allCases : real.zones),
          random: &random)
        return finding.findings(lungs: lungs).first.map { found in
          entry(record, named: "\(index) computed", isComputed: true, around: found.box) {
            try finding.drawn(into: dataset.image(of: record), lungs: lungs)
          }
        }
      }
    }
    return ImportSource(
      name: "trial", kind: "computed", licence: "that of the dataset", attribution: "the dataset's",
      vocabulary: [label],
      root: nil, entries: entries, exclusions: [])
  }

  private static func entry(
    _ record: RadiographRecord, named name: String, isComputed: Bool, around box: ImageBox,
    load: @escaping @Sendable () throws -> GrayscaleImage
  ) -> ImportEntry {
    let path = "\(name) \(record.source)/\(record.path)"
    return ImportEntry(
      path: path, pixels: DrawnPixels { try square(of: load(), around: box) }, patient: record.patient,
      // Studies of one name would unite their patients.
      study: path,
      attributes: RadiographAttributes(labels: [label: isComputed ? .positive : .negative]), sections: [],
      split: record.split)
  }

  /// The square around a box of a square image, moved inside of it.
  private static func square(of image: GrayscaleImage, around box: ImageBox) throws -> GrayscaleImage {
    let share = min(max(margin * max(box.width, box.height), sides.lowerBound), sides.upperBound)
    let width = Int(share * Double(image.width))
    func start(_ middle: Double) -> Int {
      min(max(Int(middle * Double(image.width)) - width / 2, 0), image.width - width)
    }
    let (left, top) = (start(box.x + box.width / 2), start(box.y + box.height / 2))
    let values = (0..<width * width).map { place in
      Float(image[left + place % width, top + place / width])
    }
    return try GrayPlane(width: width, height: width, values: values)
      .resized(width: side, height: side, resampling: .bilinear).grayscale
  }
}
