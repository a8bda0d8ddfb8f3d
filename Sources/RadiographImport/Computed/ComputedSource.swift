import ImageFiles
import RadiographData
import RadiologyReports
import Support

/// Findings drawn into normal radiographs of a dataset's training part, as a source beside them.
///
/// What people marked says on which side and how high a finding is in a few hundred images. Here both are exact, and
/// right and left, upper and lower are equally frequent.
public enum ComputedSource {
  /// Its name in the dataset.
  public static let name = ImageFinding.computedSource
  private static let kind = "computed"

  /// Of the training images at most so many may be computed.
  public static let greatestShare = 0.2
  /// Fewer normal radiographs would be seen too often.
  public static let minimum = 20
  /// The youngest whose lungs the template fits.
  private static let adult = 16.0
  /// Below this likeness the lungs are not known well enough to draw into.
  private static let leastLikeness = 0.6
  /// How often a second finding is drawn.
  private static let secondFinding = 0.25

  /// How they are imported, which others of their kind are not.
  public static var options: DatasetImport.Options { SyntheticSource.options }

  /// - Parameters:
  ///   - kinds: What is drawn, each as often as the others.
  ///   - share: The share of the eligible training images that are computed afterwards, above 0 and at most ``greatestShare``.
  ///   - seed: The same seed draws the same images.
  ///   - progress: Called with the number of radiographs that were looked at.
  /// - Throws: ``ComputedFindingError``; `DatasetError` if the dataset cannot be read.
  public static func list(
    in dataset: RadiographDataset, kinds: [ComputedFinding.Kind] = ComputedFinding.Kind.allCases,
    share: Double = greatestShare, seed: UInt64, progress: (WorkProgress) -> Void = { _ in }
  ) throws -> ImportSource {
    guard share > 0, share <= greatestShare else { throw ComputedFindingError.share(share) }
    let kinds = ComputedFinding.Kind.allCases.filter(kinds.contains)
    guard !kinds.isEmpty else { throw ComputedFindingError.noKinds }
    let training = try dataset.records(split: .train).filter { !$0.isComputed }
    let count = Int(share / (1 - share) * Double(training.count))
    guard count > 0 else { throw ComputedFindingError.share(share) }
    let fitted = try normal(among: training, of: dataset, seed: seed, progress: progress)
    guard fitted.count >= minimum else {
      throw ComputedFindingError.tooFewNormal(path: dataset.url.path, found: fitted.count, minimum: minimum)
    }
    let entries = (0..<count).map { index in
      let (record, lungs) = fitted[index % fitted.count]
      return entry(index, kinds[index % kinds.count], among: kinds, record, lungs, dataset, seed: seed)
    }
    let sources = try dataset.summary().sources.filter { source in fitted.contains { $0.record.source == source.name } }
    return ImportSource(
      name: name, kind: kind, licence: distinct(sources.map(\.licence)),
      attribution:
        "\(kinds.map(\.rawValue).joined(separator: ", ")), a share of \(share), seed \(seed), drawn by Thorax into "
        + "radiographs of \(distinct(sources.map(\.attribution)))",
      vocabulary: NIHLabels.vocabulary, root: nil, entries: entries, exclusions: [])
  }

  private static func distinct(_ texts: [String]) -> String { Set(texts).sorted().joined(separator: "; ") }

  /// Refuses a dataset that has computed findings of other settings; those of the same, which an interruption left
  /// incomplete, may be completed.
  ///
  /// - Throws: ``ComputedFindingError/isThere(path:)``; `DatasetError` if the dataset cannot be read.
  public static func requireRoom(for source: ImportSource, in dataset: RadiographDataset) throws {
    let there = try dataset.summary().sources.first { $0.name == name }
    guard there.map({ $0.attribution == source.attribution }) ?? true else {
      throw ComputedFindingError.isThere(path: dataset.url.path)
    }
  }

  /// Normal radiographs of adults whose lungs are found, in an order that the seed decides.
  static func normal(
    among records: [RadiographRecord], of dataset: RadiographDataset, seed: UInt64,
    progress: (WorkProgress) -> Void = { _ in }
  ) throws -> [(record: RadiographRecord, lungs: LungFrame)] {
    let normal = records.filter { record in
      record.attributes.positives == [NIHLabels.noFinding] && isOfAdult(record)
    }
    var fitted: [(record: RadiographRecord, lungs: LungFrame)] = []
    for (index, record) in normal.enumerated() {
      try Task.checkCancellation()
      let lungs = ChestTemplate.standard.lungs(of: try dataset.image(of: record))
      if lungs.likeness >= leastLikeness { fitted.append((record, lungs)) }
      progress(WorkProgress("finding lungs", done: index + 1, of: normal.count, unit: "images"))
    }
    var order = DrawingRandom(.findings, seed: seed, index: -1)
    return order.shuffled(fitted)
  }

  /// Whether it is a frontal radiograph of an adult.
  static func isOfAdult(_ record: RadiographRecord) -> Bool {
    record.attributes.view?.isFrontal != false && (record.attributes.age?.lower ?? 0) >= adult
  }

  private static func entry(
    _ index: Int, _ kind: ComputedFinding.Kind, among kinds: [ComputedFinding.Kind], _ record: RadiographRecord,
    _ lungs: LungFrame, _ dataset: RadiographDataset, seed: UInt64
  ) -> ImportEntry {
    var random = DrawingRandom(.findings, seed: seed, index: index)
    let side: Laterality = random.chance(0.5) ? .right : .left
    var drawn = [ComputedFinding(kind, side: side, zone: random.pick(ImageFinding.Zone.self), random: &random)]
    if random.chance(secondFinding) {
      // On the other side, whatever it is: two on one side could hide each other.
      drawn.append(
        ComputedFinding(
          random.pick(kinds), side: side == .right ? .left : .right, zone: random.pick(ImageFinding.Zone.self),
          random: &random))
    }
    let attributes = record.attributes
    var entry = ImportEntry(
      path: "\(index) \(kind.rawValue) in \(record.source)/\(record.path)",
      pixels: DrawnPixels { [drawn] in
        try drawn.reduce(dataset.image(of: record)) { try $1.drawn(into: $0, lungs: lungs) }
      }, patient: record.patient, study: "\(index)",
      attributes: RadiographAttributes(
        labels: Dictionary(drawn.flatMap(\.labels).map { ($0, .positive) }) { first, _ in first },
        view: attributes.view, age: attributes.age, sex: attributes.sex), sections: [], split: .train)
    entry.findings = drawn.flatMap { $0.findings(lungs: lungs) }
    return entry
  }
}

/// Why no findings are drawn.
public enum ComputedFindingError: Error, Equatable {
  case share(Double)
  case noKinds
  case tooFewNormal(path: String, found: Int, minimum: Int)
  /// They were drawn with other settings, or into other images.
  case isThere(path: String)
}

extension ComputedFindingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .share(let share):
      "a share of \(share) cannot be computed: give at most \(ComputedSource.greatestShare), and enough for one image"
    case .noKinds:
      "there is nothing to draw: give one or more of "
        + ComputedFinding.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    case .tooFewNormal(let path, let found, let minimum):
      "'\(path.onOneLine())' has \(found) normal radiographs of adults whose lungs are found in its training part, and "
        + "\(minimum) are needed: import NIH's, with 'thorax data import nih'"
    case .isThere(let path):
      "'\(path.onOneLine())' has computed findings of other settings: draw into a dataset without any"
    }
  }
}
