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

/// Distances, scores and nearest neighbours of a set in the features of a network: Fréchet and kernel distance, precision,
/// recall, density and coverage, the Vendi score, the Inception score where the network has classes.
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

  let title: String
  private let choice: ExtractorChoice
  private let note: @Sendable (String) -> Void
  private let hasBenchmark: Bool

  /// - Parameters:
  ///   - note: Called with a line about each set.
  ///   - hasBenchmark: Whether CheXGenBench's figures are given too, of sets with prompts.
  init(_ choice: ExtractorChoice, note: @escaping @Sendable (String) -> Void, hasBenchmark: Bool = false) {
    title = "features by \(choice.path.onOneLine(limit: 120))"
    (self.choice, self.note, self.hasBenchmark) = (choice, note, hasBenchmark)
  }

  /// What an extractor makes of a set.
  private struct Outputs {
    var features: FeatureMatrix
    var logits: FeatureMatrix?
  }

  private func outputs(_ set: any ImageSet, _ extractor: any FeatureExtractor) throws -> Outputs {
    note("features of \(set.count) images: \(set.title.onOneLine(limit: 80))")
    var features: [Double] = []
    var logits: [Double] = []
    try extractor.forEachBatch(of: set) { batch in
      try Task.checkCancellation()
      features += batch.features.values
      logits += batch.logits?.values ?? []
    }
    return Outputs(
      features: try FeatureMatrix(features, rows: set.count, columns: extractor.width),
      logits: logits.isEmpty
        ? nil : try FeatureMatrix(logits, rows: set.count, columns: logits.count / max(set.count, 1)))
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let extractor = try FeatureExtractorFile.load(choice.path, pipeline: choice.pipeline)
    let samples = try outputs(compared.samples, extractor)
    let heldOut = try outputs(compared.heldOut, extractor)
    let training = try outputs(compared.training, extractor)
    let name = extractor.figureName
    let how = "features of \(extractor.name) \(extractor.hash.prefix(12)), \(extractor.preprocessing)"
    let against = Self.spaced(heldOut.features)
    let drawn = Self.spaced(samples.features)
    var random = SplitMix64(seed: compared.seed)
    let draws = (0..<Self.realDraws).map { _ in
      Array((0..<training.features.rows).shuffled(using: &random).prefix(drawn.rows))
    }
    let ours = try Self.distances(drawn, against)
    let real = try draws.map { try Self.distances(training.features.selecting($0), against) }
    func mean(_ value: (Distances) -> Double) -> Double { real.map(value).reduce(0, +) / Double(real.count) }
    let sets =
      "\(drawn.rows) samples against \(against.rows) held-out images, \(how); real: as many training images in the "
      + "samples' place, \(real.count) draws"
    func figure(_ title: String, _ what: String, _ value: (Distances) -> Double) -> MeasuredFigure {
      MeasuredFigure(
        "\(title), \(name)", value: value(ours), count: drawn.rows, real: mean(value), how: "\(what): \(sets)")
    }
    let near = Self.neighbours
    var figures = [
      figure(
        extractor.frechetTitle,
        "Fréchet distance, of Gaussians with \(extractor.width) dimensions; it falls as n rises", \.frechet),
      figure("kernel distance", "KID's polynomial kernel, all pairs, unbiased", \.kernel),
      figure("precision", "share of samples within a held-out image's \(near) neighbours", \.manifold.precision),
      figure("recall", "share of held-out images within a sample's \(near) neighbours", \.manifold.recall),
      figure("density", "held-out images whose neighbourhood a sample is in, over \(near)", \.manifold.density),
      figure("coverage", "share of held-out images with a sample in their neighbourhood", \.manifold.coverage),
      figure("Vendi score", "effective number of different images, cosine similarity", \.vendi),
    ]
    // Of a network whose labels exclude each other; those of ours do not.
    if extractor is InceptionExtractor, let logits = samples.logits, let trained = training.logits,
      logits.rows >= Self.scoreSplits
    {
      let score = try InceptionScore(logits: logits, splits: Self.scoreSplits)
      let scores = try draws.map { try InceptionScore(logits: trained.selecting($0), splits: Self.scoreSplits).mean }
      figures.append(
        MeasuredFigure(
          "Inception score", value: score.mean, count: logits.rows,
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
    figures += try MemorisationMeasurement(
      name: name, space: how, training: training.features, seed: compared.seed
    ).figures(samples: samples.features, real: heldOut.features).figures
    return figures
  }

  private struct Distances {
    let frechet: Double
    let kernel: Double
    let manifold: ManifoldMetrics
    let vendi: Double
  }

  private static func distances(_ set: FeatureMatrix, _ heldOut: FeatureMatrix) throws -> Distances {
    Distances(
      frechet: try FrechetDistance.between(set, heldOut), kernel: try KernelDistance.between(heldOut, set),
      manifold: try ManifoldMetrics(real: heldOut, generated: set, neighbours: neighbours),
      vendi: try VendiScore.of(set))
  }

  private static func spaced(_ features: FeatureMatrix) -> FeatureMatrix {
    guard features.rows > limit else { return features }
    return features.selecting((0..<limit).map { $0 * features.rows / limit })
  }
}

extension FeatureExtractor {
  /// The extractor, as figures name it.
  var figureName: String { (self as? InceptionExtractor)?.pipeline.rawValue ?? name }

  /// Only with Inception-v3 the Fréchet distance is called FID.
  var frechetTitle: String { self is InceptionExtractor ? "FID" : "Fréchet distance" }
}
