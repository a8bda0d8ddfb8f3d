import ImageFiles
import RadiographData
import Support

/// The images that a set is compared with.
public struct ComparedImages: Sendable {
  /// What is measured.
  public let samples: any ImageSet
  /// Real images that training never saw.
  public let heldOut: DatasetImages
  /// Real images that a model may have been trained on.
  public let training: DatasetImages
  /// Width and height of all images.
  public let side: Int
  public let seed: UInt64
}

/// Figures of a set of images against real ones. ``ImagesMeasurement`` has the list of those that are run.
public protocol SetMeasurement: Sendable {
  /// What is done, for a line of progress.
  var title: String { get }

  /// - Throws: `MetricError`, `TorchError`, and what reading throws.
  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure]
}

/// Measures images of anybody against a dataset.
public struct ImagesMeasurement: Sendable {
  public struct Report: Sendable, Encodable {
    public struct Sets: Sendable, Encodable {
      public var name: String
      public var count: Int
      public var hash: String
    }

    public var images: Sets
    public var heldOut: Sets
    public var training: Sets
    public var seed: UInt64
    public var figures: [MeasuredFigure]
    /// What a reader of the figures has to know.
    public var notes: [String]
    public var gate: GateReport

    /// What was compared with what.
    var summary: String {
      "\(images.count) images of \(images.name) against \(heldOut.count) images of \(heldOut.name) and \(training.count) of "
        + "\(training.name)."
    }

    /// A table for a document, as a model's report has it.
    public var markdown: String { "\(summary)\n\n" + FigureReport.markdown(figures, notes: notes) }

    /// An object with the article's tables as its members `table3`, `table4`, ... beside all figures.
    public func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: ReportKey.self)
      try values.encode(images, forKey: "images")
      try values.encode(heldOut, forKey: "held_out")
      try values.encode(training, forKey: "training")
      try values.encode(seed, forKey: "seed")
      try values.encode(figures, forKey: "figures")
      try values.encode(notes, forKey: "notes")
      try values.encode(gate, forKey: "gate")
      try ArticleTables.encode(figures, into: &values)
    }
  }

  public struct Result: Sendable {
    public let report: Report
    public let pairs: GatePairs
    /// The images that the judge of anatomy finds the least plausible; none without a judge.
    public let implausible: [ImplausibleImage]
    /// The images that were measured and those that they were held against, for the page of blind readers.
    public let sets: (images: any ImageSet, real: DatasetImages)
    /// Some of the images, evenly spaced, and as many held-out ones.
    public let examples: (images: [GrayscaleImage], real: [GrayscaleImage])
  }

  /// Fewer images say nothing.
  public static let minimum = 40

  let dataset: RadiographDataset
  let part: HeldOutPart
  let seed: UInt64
  let note: @Sendable (String) -> Void
  /// What is measured of every set.
  private let measurements: [any SetMeasurement]
  private let anatomy: AnatomyMeasurement?
  private let notes: [String]
  private let extractors: [ExtractorChoice]
  private let memory = FeatureMemory()
  private let heldOut: DatasetImages
  private let training: DatasetImages

  /// - Parameters:
  ///   - source: Only images of this source; nil for all.
  ///   - extractors: Networks by whose features sets are compared.
  ///   - judge: A classifier of findings, of `thorax train classifier`, that says whether images show what their prompts ask
  ///     for.
  ///   - reidentifier: A network that recognises patients.
  ///   - anatomy: A classifier of corruptions, of `thorax train classifier`.
  ///   - note: Called with a line about every part of the work.
  /// - Throws: ``MeasurementError`` for too few images of a part, or a source that is not there; `DatasetError`.
  public init(
    dataset: RadiographDataset, part: HeldOutPart, source: String? = nil, extractors: [ExtractorChoice] = [],
    judge: String? = nil, reidentifier: ReidentifierChoice? = nil, anatomy: String? = nil, seed: UInt64,
    note: @escaping @Sendable (String) -> Void
  ) throws {
    guard dataset.imageSize % MemorisationMeasurement.side == 0 else {
      throw MeasurementError.indivisibleImageSize(dataset.imageSize, by: MemorisationMeasurement.side)
    }
    (self.dataset, self.part, self.seed, self.note) = (dataset, part, seed, note)
    let records = try dataset.records(ofSource: source)
    heldOut = try DatasetImages(
      dataset, records: records.filter { part.contains($0.split) }, title: "the \(part.rawValue) part")
    training = try DatasetImages(
      dataset, records: records.filter { $0.split == .train }, title: "the training part")
    for set in [heldOut, training] { try set.require(Self.minimum) }
    self.extractors = extractors
    var notes = try TrainingRecord.requireUnseen(
      by: ([judge, anatomy] + extractors.map(\.path)).compactMap { $0 }, heldOut.records,
      all: dataset.records(matching: .everything))
    self.anatomy = try anatomy.map {
      try AnatomyMeasurement($0, dataset: dataset, avoiding: part, source: source, seed: seed)
    }
    measurements =
      [DistributionMeasurement(), PixelNeighbourMeasurement(), BenchmarkPrivacy()]
      + extractors.map { [memory] in ExtractorMeasurement($0, memory: memory, note: note, hasBenchmark: true) }
      + (try judge.map {
        [try PromptedJudgement($0, dataset: dataset, avoiding: part, source: source, note: note)]
      } ?? [])
      + [
        try ReidentificationMeasurement.measurement(
          reidentifier, dataset: dataset, avoiding: part, source: source, remarks: &notes, note: note)
      ].compactMap { $0 }
    self.notes = notes
  }

  /// Measures a set.
  ///
  /// - Parameter remarks: What a reader of its figures has to know.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``, ``MeasurementError/identical(path:images:other:)``;
  ///   what reading and measuring throws.
  public func run(_ set: any ImageSet, remarks: [String] = []) async throws -> Result {
    try set.require(Self.minimum)
    try requireOthers(set)
    let compared = ComparedImages(
      samples: set, heldOut: heldOut, training: training, side: dataset.imageSize, seed: seed)
    var figures: [MeasuredFigure] = []
    for measurement in measurements {
      note(measurement.title)
      figures += try measurement.figures(compared)
    }
    var implausible: [ImplausibleImage] = []
    if let anatomy {
      note(anatomy.title)
      let (found, suspects) = try anatomy.figures(of: set, heldOut: heldOut)
      figures += found
      implausible = try ImplausibleImage.list(suspects, of: set)
    }
    let (all, gate) = try await ModelGate.gate(
      dataset, avoiding: part, spaces: GateSpaces(extractors: extractors, memory: memory), note: note)
    note("comparing \(set.count) images with \(all.count) training images")
    let report = GateReport(try await gate.findings(set), gate: gate)
    figures.append(try report.figure(of: "the images", seed: seed))
    func described(_ set: any ImageSet) -> Report.Sets {
      Report.Sets(name: set.title, count: set.count, hash: set.contentHash)
    }
    return Result(
      report: Report(
        images: described(set), heldOut: described(heldOut), training: described(training), seed: seed,
        figures: figures, notes: remarks + notes, gate: report),
      pairs: try GatePairs(report, of: set, training: all), implausible: implausible,
      sets: (set, heldOut), examples: (try Self.examples(set), try Self.examples(heldOut)))
  }

  private static func examples(_ set: any ImageSet) throws -> [GrayscaleImage] {
    let count = min(8, set.count)
    return try (0..<count).map { index in
      try Task.checkCancellation()
      return try set.image(at: index * set.count / count)
    }
  }

  /// Refuses images that are the held-out ones themselves.
  private func requireOthers(_ set: any ImageSet) throws {
    let known = Set(try (0..<heldOut.count).map { ContentHash.of(try heldOut.image(at: $0).pixels) })
    let same = try (0..<set.count).count { known.contains(ContentHash.of(try set.image(at: $0).pixels)) }
    guard same * 2 < set.count else {
      throw MeasurementError.identical(path: set.title, images: same, other: heldOut.title)
    }
    if same > 0 { note("\(same) images are also in \(heldOut.title)") }
  }

  /// Stores the statistics of the held-out images: of their thumbnails along the principal components of the training
  /// images, of their power spectra, and of their features by each extractor.
  ///
  /// - Returns: The files, in this order.
  /// - Throws: `MetricError`, `TorchError`, `DatasetError`; `FileAccessError` if they cannot be stored.
  public func storeReference(in store: FeatureStatisticsStore) throws -> [String] {
    note("directions of \(training.count) training images")
    let thumbnails = try ThumbnailExtractor(directionsOf: training, imageSide: dataset.imageSize)
    note("statistics of \(heldOut.count) images")
    return [
      store.path(of: try store.statistics(of: heldOut, with: thumbnails).provenance),
      store.path(of: try store.statistics(of: heldOut, with: SpectrumExtractor()).provenance),
    ]
      + (try extractors.map { choice in
        let extractor = try FeatureExtractorFile.load(choice.path, pipeline: choice.pipeline)
        return store.path(of: try store.statistics(of: heldOut, with: extractor).provenance)
      })
  }
}

/// Whether a set is nearer to the training images, pixel by pixel, than held-out images are: ``MemorisationMeasurement``.
struct PixelNeighbourMeasurement: SetMeasurement {
  let title = "nearest training images"

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    func features(_ set: any ImageSet) throws -> FeatureMatrix {
      try set.thumbnails(size: MemorisationMeasurement.side, side: compared.side).features
    }
    return try MemorisationMeasurement(
      space: MemorisationMeasurement.pixels, training: features(compared.training), seed: compared.seed
    ).figures(
      samples: features(compared.samples), real: features(compared.heldOut),
      patients: compared.heldOut.records.map(\.patient)
    ).figures
  }
}

/// Diversity, texture and Fréchet distance of a set, without a network: ``RealismMeasurement``.
struct DistributionMeasurement: SetMeasurement {
  /// At most so many images of a set are compared, evenly spaced.
  static let limit = 1000
  let title = "diversity, texture and distance"

  static func images(_ set: any ImageSet, limit: Int = limit) throws -> [GrayscaleImage] {
    try (0..<set.count).evenlySpaced(limit).map(set.image(at:))
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let measurement = try RealismMeasurement(
      training: compared.training.thumbnails(size: RealismMeasurement.thumbnailSize, side: compared.side),
      heldOut: RealismMeasurement.Compared(Self.images(compared.heldOut)),
      patients: compared.heldOut.records.evenlySpaced(Self.limit).map(\.patient))
    // No more than there are training images to stand in their place.
    let samples = try Self.images(compared.samples, limit: min(Self.limit, compared.training.count))
    var random = SplitMix64(seed: compared.seed)
    let draws = try RealismMeasurement.Compared.draws(
      ModelMeasurement.realDraws, of: samples.count, from: compared.training, using: &random)
    return try measurement.figures(
      samples: RealismMeasurement.Compared(samples), realDraws: draws, seed: compared.seed,
      what: "mean pairwise distance of \(RealismMeasurement.thumbnailSize)x\(RealismMeasurement.thumbnailSize) "
        + "thumbnails over that of \(min(compared.heldOut.count, Self.limit)) held-out images")
  }
}
