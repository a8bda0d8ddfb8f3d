import ImageFiles
import RadiographData
import Support

/// The distances between pixels of CheXGenBench's privacy part (Dutt et al., arXiv:2505.10496; `metrics/privacy_metrics.py`
/// of its repository, read on 2026-11-27), as its code computes them and as they were meant.
///
/// Several samples of a prompt are compared with the training image that has this text. Its code subtracts 8-bit values,
/// so that a difference of -1 becomes 255; and it compares the last seed's sample each time, so that the mean and the
/// least over seeds are both that of the last.
struct BenchmarkPrivacy: SetMeasurement {
  let title = "distance to the training image of the same text, as CheXGenBench has it"

  /// The root of the mean squared difference of grey values, 0 to 255.
  struct Distance: Equatable {
    /// Differences modulo 256.
    var wrapped: Double
    var plain: Double

    /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for images of different size.
    init(_ one: GrayscaleImage, _ other: GrayscaleImage) throws(MetricError) {
      guard one.width == other.width, one.height == other.height else {
        throw .countMismatch(what: "pixels of an image", expected: one.pixels.count, found: other.pixels.count)
      }
      var (wrapped, plain) = (0, 0)
      for (a, b) in zip(one.pixels, other.pixels) {
        let (difference, modulo) = (Int(a) - Int(b), Int(a &- b))
        plain += difference * difference
        wrapped += modulo * modulo
      }
      let count = Double(one.pixels.count)
      self.wrapped = (Double(wrapped) / count).squareRoot()
      self.plain = (Double(plain) / count).squareRoot()
    }
  }

  /// The distances of one prompt's samples, in the order of the samples.
  struct Summary: Equatable {
    /// Mean and least over seeds, as the code has them.
    var published: (mean: Double, least: Double)
    var corrected: (mean: Double, least: Double)

    static func == (one: Summary, other: Summary) -> Bool {
      one.published == other.published && one.corrected == other.corrected
    }

    /// - Parameter distances: Those of at least one sample.
    init(_ distances: [Distance]) {
      let last = BenchmarkFidelity.rounded(distances.last?.wrapped ?? 0, digits: 4)
      published = (last, last)
      let plain = distances.map(\.plain)
      corrected = (plain.reduce(0, +) / Double(max(plain.count, 1)), plain.min() ?? 0)
    }
  }

  /// Texts are the same whatever their white space and capitals.
  static func key(_ text: String) -> String {
    text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// For each prompt of several samples the first training image that has its text; prompts in the order of the samples.
  static func pairs(
    _ samples: any ImageSet, training: DatasetImages
  ) throws -> [(training: Int, samples: [Int])] {
    let writer = try CaptionWriter.standard()
    var known: [String: Int] = [:]
    for (index, record) in training.records.enumerated() where !record.sections.isEmpty {
      let texts = writer.captions(of: record, count: 3, seed: 0).texts + record.sections.map(\.text)
      for text in texts.map(key) where known[text] == nil { known[text] = index }
    }
    var places: [String: Int] = [:]
    var pairs: [(training: Int, samples: [Int])] = []
    for sample in 0..<samples.count {
      guard let prompt = samples.facts(at: sample).prompt.map(key), let image = known[prompt] else { continue }
      if let place = places[prompt] {
        pairs[place].samples.append(sample)
      } else {
        places[prompt] = pairs.count
        pairs.append((image, [sample]))
      }
    }
    return pairs
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let pairs = try Self.pairs(compared.samples, training: compared.training)
    guard !pairs.isEmpty else { return [] }
    var random = SplitMix64(seed: compared.seed)
    var ours: [Summary] = []
    var real: [Summary] = []
    for (place, samples) in pairs {
      let image = try compared.training.image(at: place)
      ours.append(Summary(try samples.map { try Distance(image, compared.samples.image(at: $0)) }))
      let others = samples.map { _ in random.next(below: compared.heldOut.count) }
      real.append(Summary(try others.map { try Distance(image, compared.heldOut.image(at: $0)) }))
    }
    let seeds = pairs.map(\.samples.count).reduce(0, +)
    let what =
      "\(seeds) samples of \(pairs.count) prompts, each against the training image of that text, "
      + "\(compared.side)x\(compared.side) grey values 0 to 255, the mean over prompts; real: as many held-out images in the "
      + "samples' place"
    let how = (
      published:
        "the root of the mean squared difference modulo 256 of the last sample of each prompt alone, which the "
        + "code takes for every seed",
      corrected: "the root of the mean squared difference of each sample"
    )
    func figure(_ name: String, _ differs: String, _ value: (Summary) -> Double) throws -> MeasuredFigure {
      let reals = real.map(value)
      return MeasuredFigure(
        name, try Bootstrap.mean(ours.map(value), seed: compared.seed),
        real: reals.reduce(0, +) / Double(reals.count), how: "\(differs): \(what)")
    }
    let name = "CheXGenBench pixel distance"
    return [
      try figure("\(name), mean over seeds, as published", how.published) { $0.published.mean },
      try figure("\(name), mean over seeds, corrected", how.corrected) { $0.corrected.mean },
      try figure("\(name), least over seeds, as published", how.published) { $0.published.least },
      try figure("\(name), least over seeds, corrected", how.corrected) { $0.corrected.least },
    ]
  }
}
