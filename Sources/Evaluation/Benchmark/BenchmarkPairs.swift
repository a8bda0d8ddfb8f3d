import RadiographData
import Support

/// Samples of a prompt beside the training image that has this text, as the privacy part of CheXGenBench compares them
/// (Dutt et al., arXiv:2505.10496; `metrics/privacy_metrics.py` of its repository at 37dc489, read on 2026-11-28).
struct BenchmarkPairs {
  struct Pair: Equatable {
    /// The place of the training image.
    var training: Int
    /// The places of the prompt's samples, in their order.
    var samples: [Int]
    /// As many held-out images, which take the samples' place beside them.
    var standIns: [Int]
  }

  /// In which direction a value says that two images are alike.
  enum Nearest: String {
    /// A distance.
    case least
    /// A likeness.
    case greatest
  }

  /// The values of one prompt's samples.
  struct Summary: Equatable {
    struct Spread: Equatable {
      /// The mean over seeds.
      var mean: Double
      /// The value of the sample that is nearest to the training image.
      var nearest: Double
    }

    var published: Spread
    var corrected: Spread

    /// - Parameters:
    ///   - published: The values that the code averages, before it rounds each to four digits; at least one.
    ///   - corrected: The value of each sample.
    init(published: [Double], corrected: [Double], nearest: Nearest) {
      func spread(_ values: [Double]) -> Spread {
        Spread(
          mean: values.reduce(0, +) / Double(max(values.count, 1)),
          nearest: (nearest == .least ? values.min() : values.max()) ?? .nan)
      }
      self.published = spread(published.map { BenchmarkFidelity.rounded($0, digits: 4) })
      self.corrected = spread(corrected)
    }

    /// Of values whose published form differs by rounding alone.
    init(_ values: [Double], nearest: Nearest) { self.init(published: values, corrected: values, nearest: nearest) }
  }

  let pairs: [Pair]
  private let seed: UInt64

  /// Texts are the same whatever their white space and capitals.
  static func key(_ text: String) -> String {
    text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// For each prompt of several samples the first training image that has its text; prompts in the order of the samples.
  /// Prompts of no training image are left out.
  ///
  /// - Throws: `DatasetError`; what the grammar of captions throws.
  init(_ compared: ComparedImages) throws {
    seed = compared.seed
    let writer = try CaptionWriter.standard()
    var wanted: Set<String> = []
    for sample in 0..<compared.samples.count {
      if let prompt = compared.samples.facts(at: sample).prompt { wanted.insert(Self.key(prompt)) }
    }
    var known: [String: Int] = [:]
    if !wanted.isEmpty {
      for (index, record) in compared.training.records.enumerated() where !record.sections.isEmpty {
        let texts = writer.captions(of: record, count: 3, seed: 0).texts + record.sections.map(\.text)
        for text in texts.map(Self.key) where known[text] == nil && wanted.contains(text) { known[text] = index }
      }
    }
    var places: [String: Int] = [:]
    var pairs: [Pair] = []
    for sample in 0..<compared.samples.count {
      guard let prompt = compared.samples.facts(at: sample).prompt.map(Self.key), let image = known[prompt] else {
        continue
      }
      if let place = places[prompt] {
        pairs[place].samples.append(sample)
      } else {
        places[prompt] = pairs.count
        pairs.append(Pair(training: image, samples: [sample], standIns: []))
      }
    }
    var random = SplitMix64(seed: compared.seed)
    for place in pairs.indices {
      pairs[place].standIns = pairs[place].samples.map { _ in random.next(below: compared.heldOut.count) }
    }
    self.pairs = pairs
  }

  /// Mean and nearest over seeds, as published and corrected.
  ///
  /// - Parameters:
  ///   - title: What is measured, as the figures are named.
  ///   - how: What differs between the two, in words.
  ///   - what: What is compared, in words.
  ///   - samples: The summary of a prompt's samples.
  ///   - real: That of the held-out images in their place.
  /// - Returns: None without pairs.
  /// - Throws: What `samples` and `real` throw.
  func figures(
    _ title: String, nearest: Nearest, how: (published: String, corrected: String), what: String,
    samples: (Pair) throws -> Summary, real: (Pair) throws -> Summary
  ) throws -> [MeasuredFigure] {
    guard !pairs.isEmpty else { return [] }
    let ours = try pairs.map(samples)
    let reals = try pairs.map(real)
    let seeds = pairs.map(\.samples.count).reduce(0, +)
    let compared =
      "\(seeds) samples of \(pairs.count) prompts, each against the training image of that text, \(what), the mean over "
      + "prompts; real: as many held-out images in the samples' place"
    func figure(_ name: String, _ differs: String, _ value: (Summary) -> Double) throws -> MeasuredFigure {
      let reals = reals.map(value)
      return MeasuredFigure(
        name, try Bootstrap.mean(ours.map(value), seed: seed), real: reals.reduce(0, +) / Double(reals.count),
        how: "\(differs): \(compared)")
    }
    let name = "CheXGenBench \(title)"
    return [
      try figure("\(name), mean over seeds, as published", how.published) { $0.published.mean },
      try figure("\(name), mean over seeds, corrected", how.corrected) { $0.corrected.mean },
      try figure("\(name), \(nearest.rawValue) over seeds, as published", how.published) { $0.published.nearest },
      try figure("\(name), \(nearest.rawValue) over seeds, corrected", how.corrected) { $0.corrected.nearest },
    ]
  }

  /// The distances in the features of a network, over the root of their number: the mean over features is taken of what
  /// differs, so that networks of different width can be compared.
  ///
  /// - Parameters:
  ///   - samples, training, heldOut: A row for each image of the set.
  ///   - extractor: The network's name.
  ///   - how: The features in words.
  /// - Throws: ``MetricError`` if rows have different numbers of features.
  func latentFigures(
    samples: FeatureMatrix, training: FeatureMatrix, heldOut: FeatureMatrix, extractor: String, how: String
  ) throws -> [MeasuredFigure] {
    func summary(_ pair: Pair, _ set: FeatureMatrix, _ rows: [Int]) throws -> Summary {
      Summary(
        try rows.map { try Self.latentDistance(training[pair.training], set[$0]) }, nearest: .least)
    }
    return try figures(
      "latent distance, \(extractor)", nearest: .least, how: Self.roundedAlone,
      what: "the length of their difference over the root of the number of features, \(how)",
      samples: { try summary($0, samples, $0.samples) }, real: { try summary($0, heldOut, $0.standIns) })
  }

  /// The scores of a network that says how much two images look like one patient.
  ///
  /// - Parameters:
  ///   - how: Network and score in words.
  ///   - samples, real: The score of a training image and a sample, or a held-out image.
  /// - Throws: What the scores throw.
  func scoreFigures(
    _ network: String, how: String, samples: (_ training: Int, _ sample: Int) throws -> Double,
    real: (_ training: Int, _ heldOut: Int) throws -> Double
  ) throws -> [MeasuredFigure] {
    try figures(
      "re-identification score, \(network)", nearest: .greatest, how: Self.roundedAlone, what: how,
      samples: { pair in
        Summary(try pair.samples.map { try samples(pair.training, $0) }, nearest: .greatest)
      },
      real: { pair in Summary(try pair.standIns.map { try real(pair.training, $0) }, nearest: .greatest) })
  }

  /// Of these the code takes every seed, unlike of the pixel distances.
  private static let roundedAlone = (
    published: "of all seeds, each value rounded to four digits before it is averaged", corrected: "of all seeds"
  )

  /// `|a - b| / sqrt(n)` of two rows of `n` features.
  ///
  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for rows of different length.
  static func latentDistance(
    _ one: some Collection<Double>, _ other: some Collection<Double>
  ) throws(MetricError) -> Double {
    guard one.count == other.count, !one.isEmpty else {
      throw .countMismatch(what: "features of an image", expected: one.count, found: other.count)
    }
    let squares = zip(one, other).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (squares / Double(one.count)).squareRoot()
  }
}
