import ImageFiles
import RadiographData
import RadiographModels

/// The images of a dataset that a model is measured on, by source and by use.
///
/// Children are the patients of the Kermany source, if there is one. Adults are the patients of 18 years or more (or unknown
/// age) of the NIH source or, where there is none, of all other sources, a hospital's archive for one: the few children among
/// them are in neither, since no prompt distinguishes them from the others.
struct RadiographSets {
  static let adultSource = "nih"
  static let childSource = "kermany"
  /// Fewer held-out images say nothing.
  static let minimum = 40

  let dataset: RadiographDataset
  /// Every image of every source that training saw.
  let training: [RadiographRecord]
  let trainingAdults: [RadiographRecord]
  let heldOutAdults: [RadiographRecord]
  let trainingChildren: [RadiographRecord]
  let heldOutChildren: [RadiographRecord]
  /// All held-out images of the adults' sources, of whatever age.
  let heldOutAdultSource: [RadiographRecord]
  /// The sources of adults, in order.
  let adultSources: [String]

  /// Whether there are images of children to measure on.
  var hasChildren: Bool { !heldOutChildren.isEmpty }

  /// The sources of adults in words.
  var adultNames: String { adultSources.joined(separator: ", ") }

  init(
    _ dataset: RadiographDataset, part: HeldOutPart = .heldOut, minimum: Int = RadiographSets.minimum
  ) throws {
    self.dataset = dataset
    let records = try dataset.records().filter { !$0.isComputed }
    let sources = Set(records.map(\.source))
    let adults =
      sources.contains(Self.adultSource) ? [Self.adultSource] : sources.subtracting([Self.childSource]).sorted()
    func select(_ sources: [String], _ isTraining: Bool) throws -> [RadiographRecord] {
      let found = records.filter {
        sources.contains($0.source) && (isTraining ? $0.split == .train : part.contains($0.split))
      }
      guard found.count >= minimum else {
        throw MeasurementError.tooFewImages(
          source: sources.isEmpty ? "adults" : sources.joined(separator: ", "),
          use: isTraining ? "for training" : "held out", found: found.count, minimum: minimum)
      }
      return found
    }
    training = records.filter { $0.split == .train }
    let adultTraining = try select(adults, true)
    heldOutAdultSource = try select(adults, false)
    trainingAdults = adultTraining.filter(Self.isAdult)
    heldOutAdults = heldOutAdultSource.filter(Self.isAdult)
    let hasChildren = sources.contains(Self.childSource)
    trainingChildren = hasChildren ? try select([Self.childSource], true) : []
    heldOutChildren = hasChildren ? try select([Self.childSource], false) : []
    adultSources = adults
  }

  func isOfAdult(_ record: RadiographRecord) -> Bool {
    adultSources.contains(record.source) && Self.isAdult(record)
  }

  private static func isAdult(_ record: RadiographRecord) -> Bool {
    record.attributes.age.map { $0.lower >= 18 } ?? true
  }

  /// What a classifier can learn from a record; nil where its source says neither normal nor pneumonia.
  func kind(of record: RadiographRecord) -> RadiographKind? {
    let attributes = record.attributes
    let isChild = record.source == Self.childSource
    guard isChild || isOfAdult(record) else { return nil }
    let normal = isChild ? KermanyLabels.normal : NIHLabels.noFinding
    switch (attributes.state(of: "Pneumonia"), attributes.state(of: normal)) {
    case (.positive, _): return RadiographKind(isChild: isChild, hasPneumonia: true)
    case (_, .positive): return RadiographKind(isChild: isChild, hasPneumonia: false)
    default: return nil
    }
  }

  /// The records' images averaged down to `size` pixels a side, grey values 0 to 1.
  func thumbnails(of records: [RadiographRecord], size: Int) throws -> GrayImages {
    try DatasetImages(dataset, records: records, title: "the dataset").thumbnails(size: size, side: dataset.imageSize)
  }

  func images(of records: [RadiographRecord]) throws -> [GrayscaleImage] {
    try records.map { record in
      try Task.checkCancellation()
      return try dataset.image(of: record)
    }
  }

  func examples(of records: [RadiographRecord]) throws -> ClassifierExamples {
    let known = records.compactMap { record in kind(of: record).map { (record, $0) } }
    return try ClassifierExamples(
      images: thumbnails(of: known.map(\.0), size: RadiographClassifier.side), kinds: known.map(\.1))
  }
}

extension GrayImages {
  /// 8-bit images of one size, grey values 0 to 1.
  init(_ images: [GrayscaleImage]) throws {
    let (height, width) = (images.first?.height ?? 1, images.first?.width ?? 1)
    guard let other = images.first(where: { $0.height != height || $0.width != width }) else {
      try self.init(
        pixels: images.flatMap { $0.pixels.map { Float($0) / 255 } }, count: images.count, height: height,
        width: width)
      return
    }
    throw MetricError.countMismatch(what: "columns of pixels", expected: width, found: other.width)
  }
}
