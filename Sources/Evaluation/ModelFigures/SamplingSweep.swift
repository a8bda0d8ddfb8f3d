import Foundation
import ImageFiles
import RadiographData
import Support
import Torch

/// What steps and guidance cost and bring: the article's Tables 5 and 10, and fidelity against agreement.
public struct SamplingSweep: Sendable {
  /// One setting.
  public struct Point: Sendable, Codable, Equatable {
    public var steps: Int
    public var guidance: Double
    /// The median time of an image.
    public var milliseconds: Double
    /// The peak of all tensors while one image is drawn, in bytes; nil where they are not counted.
    public var peakBytes: Int?
    /// SSIM to the images of the same seeds with the most steps at the same guidance.
    public var similarity: Double
    /// Fréchet distance of thumbnails to held-out images.
    public var frechet: Double
    public var frechetInterval: ClosedRange<Double>?
    /// Fréchet distance in the features of the extractor; nil without one.
    public var features: Double?
    public var featuresInterval: ClosedRange<Double>?
    /// Of the judge's answers about findings that were asked for, and about normal chests, the share that is as asked,
    /// both counted alike; nil without a judge.
    public var agreement: Double?
    public var agreementInterval: ClosedRange<Double>?
    public var n: Int

    enum CodingKeys: String, CodingKey {
      case steps, guidance, milliseconds, similarity, frechet, features, agreement, n
      case frechetInterval = "frechet_ci95"
      case featuresInterval = "features_ci95"
      case agreementInterval = "agreement_ci95"
      case peakBytes = "peak_bytes"
    }
  }

  public struct Report: Sendable, Codable {
    /// The file's name in the folder of an evaluation.
    public static let fileName = "sweep.json"
    static let title = "Steps and guidance"

    public var model: String
    public var hash: String
    public var sampler: String
    public var points: [Point]
    /// The same distances of as many training images.
    public var realFrechet: Double
    public var realFeatures: Double?
    /// The judge's own on held-out images.
    public var realAgreement: Double?
    public var extractor: String?
    public var judge: String?
    /// What a publication says, by the number of steps.
    public var claims: [String: String] = [:]
    /// What a reader of the figures has to know.
    public var notes: [String] = []

    enum CodingKeys: String, CodingKey {
      case model, hash, sampler, points, extractor, judge, claims, notes
      case realFrechet = "real_frechet"
      case realFeatures = "real_features"
      case realAgreement = "real_agreement"
    }
  }

  public struct Options: Sendable {
    public var steps: [Int]
    public var guidances: [Double]
    /// Samples of each setting for distances: prompts of held-out patients' labels.
    public var samples = 100
    public var seed: UInt64 = 0
    public var part = HeldOutPart.test
    public var extractor: ExtractorChoice?
    public var judge: String?
    /// What is known of the images that the model was trained on.
    public var training: TrainingRecord?

    public init(steps: [Int], guidances: [Double]) {
      self.steps = steps
      self.guidances = guidances
    }
  }

  let host: any ImageGenerator
  let sets: RadiographSets
  let options: Options
  let note: @Sendable (String) -> Void
  private let notes: [String]

  /// - Throws: ``MeasurementError`` where model, dataset and options do not go together; `DatasetError`.
  public init(
    host: any ImageGenerator, dataset: RadiographDataset, options: Options, note: @escaping @Sendable (String) -> Void
  ) throws {
    try host.require(imageSize: dataset.imageSize)
    (self.host, self.options, self.note) = (host, options, note)
    sets = try RadiographSets(dataset, part: options.part)
    let everything = try dataset.records(matching: .everything)
    let measured = everything.filter { options.part.contains($0.split) }
    try options.training?.requireUnseen(measured, all: everything, model: host.description.name)
    // The validation part sets the judge's thresholds.
    notes = try TrainingRecord.requireUnseen(
      by: [options.judge, options.extractor?.path].compactMap { $0 },
      measured + everything.filter { $0.split == .validation && options.judge != nil }, all: everything)
    for (adults, use) in [
      (sets.heldOutAdults, "held out, of adults,"), (sets.trainingAdults, "for training, of adults,"),
    ] {
      guard adults.count >= RadiographSets.minimum else {
        throw MeasurementError.tooFewImages(
          source: sets.adultNames, use: use, found: adults.count, minimum: RadiographSets.minimum)
      }
    }
  }

  /// Draws and measures every setting.
  ///
  /// - Parameter folder: The folder of samples of a number of steps.
  /// - Throws: What drawing throws; `MetricError`, `DatasetError`, `TorchError`.
  public func run(folder: (_ steps: Int) throws -> SampleFolder) async throws -> Report {
    let people = Array(sets.heldOutAdults.prefix(options.samples))
    let writer = try CaptionWriter.standard()
    let prompts = people.compactMap { writer.captions(of: $0, count: 1, seed: options.seed).texts.first }
    let heldOut = try sets.images(of: sets.heldOutAdults)
    let patients = sets.heldOutAdults.map(\.patient)
    let realism = try RealismMeasurement(
      training: sets.thumbnails(of: sets.trainingAdults, size: RealismMeasurement.thumbnailSize),
      heldOut: RealismMeasurement.Compared(heldOut), patients: patients)
    let extractor = try options.extractor.map { try FeatureExtractorFile.load($0.path, pipeline: $0.pipeline) }
    let realFeatures = try extractor?.features(of: heldOut)
    let judge = try options.judge.map { try JudgeMeasurement(path: $0, sets: sets, seed: options.seed) }
    let asked = judge.map { AskedImage.all($0.findings, rounds: 1).filter(Self.isCounted) } ?? []

    var points: [Point] = []
    for guidance in options.guidances {
      var finest: GrayImages?
      // The most steps come first, since all others are compared with them.
      for steps in options.steps.sorted(by: >) {
        note("\(steps) steps, guidance \(MeasuredFigure.text(guidance))")
        var source = SampleSource(host: host, folder: try folder(steps), steps: steps) { _ in }
        var images: [GrayscaleImage] = []
        for (index, prompt) in prompts.enumerated() {
          images += try await source.samples(
            of: prompt, seed: options.seed &+ UInt64(index), count: 1, guidance: guidance
          ).map(\.image)
        }
        let grays = try GrayImages(images)
        let reference = finest ?? grays
        finest = reference
        let similarity = try StructuralSimilarity.values(grays, reference, dataRange: 1)
        var drawn: [(asked: AskedImage, image: GrayscaleImage)] = []
        for item in asked {
          drawn += try await source.samples(
            of: item.text, seed: options.seed &+ UInt64(item.place), count: 1, guidance: guidance
          ).map { (item, $0.image) }
        }
        let cost = try await DrawingCost(
          of: host, prompts: prompts, seed: options.seed, settings: DrawSettings(steps: steps, guidance: guidance))
        let thumbnails = try realism.distance(of: RealismMeasurement.Compared(images), seed: options.seed)
        let features = try realFeatures.flatMap { real in
          try extractor.map { extractor in
            let own = try extractor.features(of: images)
            return try Bootstrap.estimate(
              groups: Array(images.indices), and: patients, resamples: RealismMeasurement.resamples, isCentred: true,
              seed: options.seed
            ) { try FrechetDistance.between(own.selecting($0), real.selecting($1)) }
          }
        }
        let agreement = try judge?.agreement(drawn)
        points.append(
          Point(
            steps: steps, guidance: guidance, milliseconds: cost.milliseconds, peakBytes: cost.peakBytes,
            similarity: similarity.reduce(0, +) / Double(max(similarity.count, 1)),
            frechet: thumbnails.value, frechetInterval: thumbnails.interval, features: features?.value,
            featuresInterval: features?.interval, agreement: agreement?.value,
            agreementInterval: agreement?.interval, n: images.count))
      }
    }
    let training = try sets.images(of: sets.trainingAdults.evenlySpaced(prompts.count))
    return Report(
      model: host.description.name, hash: host.hash, sampler: host.description.sampling.sampler.rawValue,
      points: points,
      realFrechet: try realism.compare(RealismMeasurement.Compared(training)).distance,
      realFeatures: try realFeatures.flatMap { real in
        try extractor.map { try FrechetDistance.between($0.features(of: training), real) }
      }, realAgreement: judge?.realAgreement,
      extractor: extractor.map { "\($0.name) \($0.hash.prefix(12))" }, judge: judge?.judgeName, notes: notes)
  }

  private static func isCounted(_ asked: AskedImage) -> Bool {
    asked.purpose == .finding || asked.purpose == .normal
  }
}

extension SamplingSweep.Report {
  /// The report in a folder of results; nil if there is none.
  ///
  /// - Throws: ``MeasurementError/report(path:reason:)`` for a file that is no such report.
  public static func stored(in folder: String) throws(MeasurementError) -> Self? {
    try StoredResults.read(fileName, in: folder, writtenBy: "evaluate sweep")
  }

  /// A figure with its interval as a cell of a table; empty without one.
  static func text(_ value: Double?, _ interval: ClosedRange<Double>?) -> String {
    value.map { MeasuredFigure.text($0) + (interval.map(MeasuredFigure.intervalText) ?? "") } ?? ""
  }

  /// A row a setting, as Markdown.
  public var markdown: String {
    let text = MeasuredFigure.text
    let figure = Self.text
    let claim = claims.isEmpty ? [] : ["the article's claim"]
    let heads =
      [
        "steps", "guidance", "ms an image", "peak of tensors", "SSIM to the most steps", "Fréchet distance, thumbnails",
        "Fréchet distance, features", "as asked", "n",
      ] + claim
    let rows = points.map { point in
      [
        "\(point.steps)", text(point.guidance), String(format: "%.0f", point.milliseconds),
        point.peakBytes.map { "\(MemorySize(bytes: $0))" } ?? "", text(point.similarity),
        figure(point.frechet, point.frechetInterval), figure(point.features, point.featuresInterval),
        figure(point.agreement, point.agreementInterval), "\(point.n)",
      ] + claim.map { _ in claims["\(point.steps)"] ?? "" }
    }
    let real =
      [
        "real images", "", "", "", "", text(realFrechet), realFeatures.map(text) ?? "", realAgreement.map(text) ?? "",
        "",
      ] + claim.map { _ in "" }
    let line = { (cells: [String]) in "| " + cells.joined(separator: " | ") + " |" }
    let table = ([line(heads), line(heads.map { _ in "---:" })] + (rows + [real]).map(line)).joined(separator: "\n")
    return ([table] + notes).joined(separator: "\n\n")
  }
}
