import RadiographData
import Support

/// What samples of a run's model are drawn for and compared with: the images of its validation part, and their prompts.
///
/// Training images in the samples' place, as many of them, say how far two sets of real images are from one another.
public struct SampleComparison: Sendable {
  /// Fewer images or samples say nothing.
  public static let minimum = ImagesMeasurement.minimum
  /// The number of samples if nothing else is said; fewer if there are fewer training images.
  public static let standardSamples = 200
  /// At most so many real images are compared with, evenly spaced.
  static let limit = ExtractorMeasurement.limit
  /// How often training images are drawn in the samples' place.
  public static let trainingDraws = ExtractorMeasurement.realDraws

  public let real: DatasetImages
  /// The number of samples.
  public let samples: Int
  /// The seed of the first sample.
  public let seed: UInt64
  private let dataset: RadiographDataset
  private let training: RadiographRecords
  private let prompts: [String]

  /// - Parameters:
  ///   - samples: The number of samples; nil for ``standardSamples``.
  ///   - seed: The seed of the first sample and of the choice of training images.
  ///   - captionSeed: The seed of the prompts that the grammar makes of images without a report.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)`` for too few validation or training images,
  ///   ``MeasurementError/tooManySamples(_:images:)``, ``MeasurementError/noLabels(path:wanted:)``; `DatasetError`.
  public init(
    _ dataset: RadiographDataset, training: RadiographRecords, validation: RadiographRecords, samples: Int?,
    seed: UInt64, captionSeed: UInt64
  ) throws {
    let count = min(validation.count, Self.limit)
    let records = try (0..<count).flatMap { index in
      let place = index * validation.count / count
      return try validation.records(place..<place + 1)
    }
    real = try DatasetImages(
      dataset, records: records, title: "the validation part", captions: true, seed: captionSeed)
    try real.require(Self.minimum)
    guard training.count >= Self.minimum else {
      throw MeasurementError.tooFewInSet(
        path: "the training part", found: training.count, minimum: Self.minimum)
    }
    if let samples, samples > training.count {
      throw MeasurementError.tooManySamples(samples, images: training.count)
    }
    prompts = (0..<real.count).compactMap { [real] in real.facts(at: $0).prompt }
    guard !prompts.isEmpty else {
      throw MeasurementError.noLabels(
        path: dataset.url.path, wanted: "the validation part, of which prompts can be made")
    }
    self.samples = samples ?? min(Self.standardSamples, training.count)
    (self.dataset, self.training, self.seed) = (dataset, training, seed)
  }

  /// Draws the samples of a model, by its own sampler and guidance: the prompts in turn, each sample with the next seed.
  ///
  /// - Parameters:
  ///   - folder: Where samples are kept, so that none is drawn twice.
  ///   - progress: Called with the number of samples that are there.
  /// - Throws: What drawing and keeping throws; `CancellationError` between two samples.
  public func draw(
    from host: any ImageGenerator, keptIn folder: SampleFolder, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> DrawnImages {
    try host.require(imageSize: dataset.imageSize)
    var source = SampleSource(host: host, folder: folder, progress: progress)
    var items: [DrawnImages.Item] = []
    for index in 0..<samples {
      let prompt = prompts[index % prompts.count]
      items += try await source.samples(of: prompt, seed: seed &+ UInt64(index), count: 1).map { sample in
        DrawnImages.Item(
          name: "\(sample.seed)", image: sample.image, facts: ImageFacts(prompt: prompt, seed: sample.seed))
      }
    }
    return DrawnImages(title: "samples of \(host.description.name)", items: items)
  }

  /// The training images of a draw, as many as there are samples.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  func trainingImages(draw: Int) throws -> DatasetImages {
    var random = SplitMix64(seed: seed &+ UInt64(draw))
    let places = Array(training.indices).shuffled(using: &random).prefix(samples)
    return try DatasetImages(
      dataset, records: places.flatMap { try training.records($0..<$0 + 1) }, title: "training images")
  }
}

/// The Fréchet distances of a ``SampleComparison`` in the features of one network: the FID if that is Inception-v3.
public struct SampleDistanceMeasurement {
  public let comparison: SampleComparison
  public let extractor: any FeatureExtractor
  private let real: FeatureStatistics

  /// What the distance is called.
  public var measure: String { extractor.frechetTitle }
  /// The network in a word or two, with the pipeline of Inception-v3.
  public var network: String {
    extractor is InceptionExtractor ? "Inception-v3, \(extractor.figureName)" : extractor.figureName
  }
  /// A hash of the real images.
  public var imagesHash: String { real.provenance.imagesHash }

  /// - Parameter store: Where the statistics of the real images are kept.
  /// - Throws: What reading and computing throws; `FileAccessError` if the statistics cannot be stored.
  public init(
    _ comparison: SampleComparison, with extractor: any FeatureExtractor, keeping store: FeatureStatisticsStore
  ) throws {
    (self.comparison, self.extractor) = (comparison, extractor)
    real = try store.statistics(of: comparison.real, with: extractor)
  }

  /// The distance of samples to the real images.
  ///
  /// - Throws: ``MetricError``, `TorchError`; what reading throws.
  public func distance(of samples: DrawnImages) throws -> Double {
    try FeatureStatistics.computed(of: samples, with: extractor).frechetDistance(to: real)
  }

  /// The distance of training images in the samples' place: the mean of ``SampleComparison/trainingDraws`` draws.
  ///
  /// - Throws: ``MetricError``, `TorchError`; what reading throws.
  public func trainingDistance() throws -> Double {
    let distances = try (0..<SampleComparison.trainingDraws).map { draw in
      try Task.checkCancellation()
      return try FeatureStatistics.computed(of: comparison.trainingImages(draw: draw), with: extractor)
        .frechetDistance(to: real)
    }
    return distances.reduce(0, +) / Double(distances.count)
  }
}
