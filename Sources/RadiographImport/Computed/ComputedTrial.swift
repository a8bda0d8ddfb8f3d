import ImageFiles
import RadiographData
import RadiologyReports

/// A trial of computed findings: what is needed to train and test a classifier that tells them from real ones.
package enum ComputedTrial {
  /// What an image with a computed finding has, and one with a real finding has not.
  package static let label = "Computed"

  /// Radiographs of adults with a real finding of this kind, and as many with a computed one, each in its own part.
  ///
  /// - Throws: `DatasetError` if the dataset cannot be read.
  package static func source(
    of kind: ComputedFinding.Kind, in dataset: RadiographDataset, seed: UInt64
  ) throws -> ImportSource {
    let records = try dataset.records().filter { !$0.isComputed }
    var entries: [ImportEntry] = []
    for split in DatasetSplit.allCases {
      let part = records.filter { $0.split == split }
      let real = part.filter { record in
        ComputedSource.isOfAdult(record) && record.attributes.vocabulary.contains(NIHLabels.noFinding)
          && kind.labels.contains { record.attributes.state(of: $0) == .positive }
      }
      entries += real.map { record in
        entry(record, named: "real", isComputed: false) { try dataset.image(of: record) }
      }
      var order = DrawingRandom(.findings, seed: seed, index: -1)
      let normal = order.shuffled(try ComputedSource.normal(among: part, of: dataset))
      guard !normal.isEmpty else { continue }
      entries += (0..<real.count).map { index in
        let (record, lungs) = normal[index % normal.count]
        var random = DrawingRandom(.findings, seed: seed, index: index)
        let finding = ComputedFinding(
          kind, side: random.chance(0.5) ? .right : .left, zone: random.pick(ImageFinding.Zone.self), random: &random)
        return entry(record, named: "\(index) computed", isComputed: true) {
          try finding.drawn(into: dataset.image(of: record), lungs: lungs)
        }
      }
    }
    return ImportSource(
      name: "trial", kind: "computed", licence: "that of the dataset", attribution: "the dataset's",
      vocabulary: [label],
      root: nil, entries: entries, exclusions: [])
  }

  private static func entry(
    _ record: RadiographRecord, named name: String, isComputed: Bool,
    load: @escaping @Sendable () throws -> GrayscaleImage
  ) -> ImportEntry {
    ImportEntry(
      path: "\(name) \(record.source)/\(record.path)", pixels: DrawnPixels(load: load), patient: record.patient,
      // Studies of one name would unite their patients.
      study: "\(name) \(record.source)/\(record.path)",
      attributes: RadiographAttributes(
        labels: [label: isComputed ? .positive : .negative], view: record.attributes.view,
        age: record.attributes.age, sex: record.attributes.sex), sections: [], split: record.split)
  }
}
