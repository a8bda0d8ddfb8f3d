import ImageFiles
import Support
import Torch

/// A network's file, and how images are brought to it.
public struct ExtractorChoice: Sendable, Equatable {
  public var path: String
  /// For Inception-v3 alone.
  public var pipeline: InceptionPipeline

  public init(path: String, pipeline: InceptionPipeline = .clean) {
    self.path = path
    self.pipeline = pipeline
  }
}

/// Distances, scores and nearest neighbours of a set in the features of a network: Fréchet and kernel distance, maximum mean
/// discrepancy, precision, recall, density and coverage, the Vendi score, the Inception score where the network has classes.
///
/// Beside each figure stands what as many real training images give in the samples' place, against the same held-out
/// images.
struct ExtractorMeasurement: SetMeasurement {
  /// At most so many held-out and training images are compared, evenly spaced; those that neighbours are sought among are
  /// not limited.
  static let limit = 5000
  static let neighbours = 5
  /// How often training images are drawn for the figures of real images.
  static let realDraws = 5
  static let scoreSplits = 10
  /// How often both sets are drawn again for the interval of a distance, if the matrix whose roots are sought, of as many
  /// rows as the network has features or, if they are fewer, as a set has images, is not larger than ``intervalSide``: with
  /// larger ones it would take hours.
  static let resamples = 100
  static let intervalSide = 1000

  let title: String
  private let choice: ExtractorChoice
  private let memory: FeatureMemory
  private let note: @Sendable (String) -> Void
  private let hasBenchmark: Bool

  /// - Parameters:
  ///   - memory: Has what the network makes of sets, and keeps it.
  ///   - note: Called with a line about each set.
  ///   - hasBenchmark: Whether CheXGenBench's figures are given too, of sets with prompts.
  init(
    _ choice: ExtractorChoice, memory: FeatureMemory = FeatureMemory(), note: @escaping @Sendable (String) -> Void,
    hasBenchmark: Bool = false
  ) {
    title = "features by \(choice.path.onOneLine(limit: 120))"
    (self.choice, self.memory, self.note, self.hasBenchmark) = (choice, memory, note, hasBenchmark)
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let extractor = try FeatureExtractorFile.load(choice.path, pipeline: choice.pipeline)
    func outputs(_ set: any ImageSet) throws -> FeatureMemory.Outputs {
      try memory.outputs(of: set, by: extractor, note: note)
    }
    let samples = try outputs(compared.samples)
    let heldOut = try outputs(compared.heldOut)
    let training = try outputs(compared.training)
    let name = extractor.figureName
    let how = "features of \(extractor.name) \(extractor.hash.prefix(12)), \(extractor.preprocessing)"
    let against = heldOut.features.evenlySpaced(Self.limit)
    // No more than there are training images to stand in their place.
    let drawn = samples.features.evenlySpaced(min(Self.limit, training.features.rows))
    var random = SplitMix64(seed: compared.seed)
    let draws = (0..<Self.realDraws).map { _ in
      Array((0..<training.features.rows).shuffled(using: &random).prefix(drawn.rows))
    }
    let ours = try Self.distances(drawn, against)
    let real = try draws.map { try Self.distances(training.features.selecting($0), against) }
    let sets =
      "\(drawn.rows) samples against \(against.rows) held-out images, \(how); real: as many training images in the "
      + "samples' place, \(real.count) draws"
    let patients = compared.heldOut.records.evenlySpaced(Self.limit).map(\.patient)
    let alone = Array(0..<drawn.rows)
    // Of the first draw of training images, moved to the mean of all.
    let stand = (
      features: training.features.selecting(draws[0]), patients: draws[0].map { compared.training.records[$0].patient }
    )
    func figure(
      _ title: String, _ what: String, _ value: (Distances) -> Double,
      interval: (_ isReal: Bool) throws -> Estimate?
    ) rethrows -> MeasuredFigure {
      let mean = real.map(value).reduce(0, +) / Double(real.count)
      let (own, other) = (try interval(false), try interval(true))
      let shift = mean - value(real[0])
      return MeasuredFigure(
        "\(title), \(name)", value: value(ours), interval: own.map { $0.lower...$0.upper }, count: drawn.rows,
        real: mean,
        realInterval: other.map { $0.lower + shift...$0.upper + shift },
        how: "\(what): \(sets)\(own == nil ? "" : "; intervals by patient")")
    }
    func distance(_ between: @escaping (FeatureMatrix, FeatureMatrix) throws -> Double) -> (Bool) throws -> Estimate? {
      { isReal in
        guard min(extractor.width, max(drawn.rows, against.rows)) <= Self.intervalSide else { return nil }
        func drawAgain<Group: Hashable>(_ set: FeatureMatrix, _ groups: [Group]) throws -> Estimate {
          try Bootstrap.estimate(
            groups: groups, and: patients, resamples: Self.resamples, isCentred: true, seed: compared.seed
          ) { try between(set.selecting($0), against.selecting($1)) }
        }
        return try isReal ? drawAgain(stand.features, stand.patients) : drawAgain(drawn, alone)
      }
    }
    // The neighbourhoods stay as they are: a repeated image would have none.
    func share(ofSamples value: @escaping (ManifoldMetrics) -> [Double]) -> (Bool) throws -> Estimate? {
      { isReal in
        try isReal
          ? Bootstrap.mean(value(real[0].manifold), groups: stand.patients, seed: compared.seed)
          : Bootstrap.mean(value(ours.manifold), seed: compared.seed)
      }
    }
    func share(ofReal value: @escaping (ManifoldMetrics) -> [Bool]) -> (Bool) throws -> Estimate? {
      { isReal in
        try Bootstrap.mean(
          value(isReal ? real[0].manifold : ours.manifold).map { $0 ? 1 : 0 }, groups: patients, seed: compared.seed)
      }
    }
    let near = Self.neighbours
    var figures = [
      try figure(
        extractor.frechetTitle,
        "Fréchet distance, of Gaussians with \(extractor.width) dimensions; it falls as n rises", \.frechet,
        interval: distance { try FrechetDistance.between($0, $1) }),
      try figure(
        "kernel distance", "KID's polynomial kernel, all pairs, unbiased", \.kernel,
        interval: distance { try KernelDistance.between($1, $0) }),
      try figure(
        "maximum mean discrepancy",
        "CMMD's kernel, scale and estimator (it takes CLIP's features), features of length 1",
        \.discrepancy, interval: distance { try MaximumMeanDiscrepancy.between($1, $0) }),
      try figure(
        "precision", "share of samples within a held-out image's \(near) neighbours", \.manifold.precision,
        interval: share(ofSamples: { $0.hits.map { $0 > 0 ? 1 : 0 } })),
      try figure(
        "recall", "share of held-out images within a sample's \(near) neighbours", \.manifold.recall,
        interval: share(ofReal: \.isRecalled)),
      try figure(
        "density", "held-out images whose neighbourhood a sample is in, over \(near)", \.manifold.density,
        interval: share(ofSamples: { metrics in metrics.hits.map { Double($0) / Double(metrics.neighbours) } })),
      try figure(
        "coverage", "share of held-out images with a sample in their neighbourhood", \.manifold.coverage,
        interval: share(ofReal: \.isCovered)),
      try figure(
        "Vendi score", "effective number of different images, cosine similarity", \.vendi,
        interval: { isReal in
          guard min(extractor.width, drawn.rows) <= Self.intervalSide else { return nil }
          let (set, groups) = isReal ? (stand.features, stand.patients) : (drawn, alone.map { "\($0)" })
          return try Bootstrap.estimate(
            groups: groups, resamples: Self.resamples, isCentred: true, seed: compared.seed
          ) { try VendiScore.of(set.selecting($0)) }
        }),
    ]
    // Of a network whose labels exclude each other; those of ours do not.
    if extractor is InceptionExtractor, let logits = samples.logits, let trained = training.logits,
      logits.rows >= Self.scoreSplits
    {
      let score = try InceptionScore(logits: logits, splits: Self.scoreSplits)
      let scores = try draws.map { try InceptionScore(logits: trained.selecting($0), splits: Self.scoreSplits).mean }
      let estimate = try Bootstrap.estimate(
        groups: Array(0..<logits.rows), resamples: Self.resamples, isCentred: true, seed: compared.seed
      ) { try InceptionScore(logits: logits.selecting($0), splits: Self.scoreSplits).mean }
      figures.append(
        MeasuredFigure(
          "Inception score", value: score.mean, interval: estimate.interval, count: logits.rows,
          real: scores.reduce(0, +) / Double(scores.count),
          how: "exp of the mean divergence of an image's classes from those of all, \(Self.scoreSplits) parts, their "
            + "deviation \(MeasuredFigure.text(score.standardDeviation)): \(how)"))
    }
    let hasPrompts = (0..<compared.samples.count).allSatisfy { compared.samples.facts(at: $0).prompt != nil }
    if hasBenchmark, hasPrompts, let draw = draws.first {
      figures += try BenchmarkFidelity.figures(
        samples: drawn, heldOut: against, training: training.features.selecting(draw), extractor: name, how: how,
        seed: compared.seed)
    }
    if hasBenchmark {
      figures += try BenchmarkFindings(compared).figures(
        samples: samples.features, heldOut: heldOut.features, training: training.features, extractor: name, how: how,
        seed: compared.seed)
      let pairs = try BenchmarkPairs(compared)
      figures += try pairs.latentFigures(
        samples: samples.features, training: training.features, heldOut: heldOut.features, extractor: name, how: how)
      if let verifier = extractor as? PatientVerifierExtractor {
        figures += try pairs.scoreFigures(
          name, how: "the probability of one patient, \(how)",
          samples: { try verifier.score(training.features[$0], samples.features[$1]) },
          real: { try verifier.score(training.features[$0], heldOut.features[$1]) })
      }
    }
    figures += try MemorisationMeasurement(
      name: name, space: how, training: training.features, seed: compared.seed
    ).figures(
      samples: samples.features, real: heldOut.features, patients: compared.heldOut.records.map(\.patient)
    ).figures
    return figures
  }

  private struct Distances {
    let frechet: Double
    let kernel: Double
    let discrepancy: Double
    let manifold: ManifoldMetrics
    let vendi: Double
  }

  private static func distances(_ set: FeatureMatrix, _ heldOut: FeatureMatrix) throws -> Distances {
    Distances(
      frechet: try FrechetDistance.between(set, heldOut), kernel: try KernelDistance.between(heldOut, set),
      discrepancy: try MaximumMeanDiscrepancy.between(heldOut, set),
      manifold: try ManifoldMetrics(real: heldOut, generated: set, neighbours: neighbours),
      vendi: try VendiScore.of(set))
  }
}

extension FeatureMatrix {
  /// At most `limit` of the rows, at equal distances.
  fileprivate func evenlySpaced(_ limit: Int) -> FeatureMatrix { selecting((0..<rows).evenlySpaced(limit)) }
}

extension FeatureExtractor {
  /// The extractor, as figures name it.
  var figureName: String { (self as? InceptionExtractor)?.pipeline.rawValue ?? name }

  /// Only with Inception-v3 the Fréchet distance is called FID.
  var frechetTitle: String { self is InceptionExtractor ? "FID" : "Fréchet distance" }
}
