import Support

/// The Fréchet distance of two sets of images in the features of a network, and what of it is chance.
public struct SetDistance: Sendable, Encodable {
  /// Beside the distance: what the second set is from itself, and from as few of the first.
  ///
  /// The distance of two sets of one distribution is not 0, and the greater the smaller the sets are. So what two halves of
  /// the second set give, real against real where that is the real one, is compared with a half against as many of the
  /// first.
  public struct Halves: Sendable, Encodable, Equatable {
    /// Images of each set that is compared.
    public var images: Int
    /// Images from the beginning of the second set against as many from its end: images of one patient, whose names follow each
    /// other, stay together.
    public var withinSecond: Double
    /// Images of the first set, evenly spaced, against those from the beginning of the second.
    public var toFirst: Double

    enum CodingKeys: String, CodingKey {
      case images
      case withinSecond = "within_second"
      case toFirst = "to_first"
    }
  }

  public let extractor: String
  public let extractorHash: String
  public let preprocessing: String
  /// Of both sets.
  public let images: [Int]
  public let distance: Double
  /// Nil for stored statistics, and where a half would have fewer than ``fewest`` images.
  public let halves: Halves?
  /// 95 % of draws of both sets, image by image, moved to the distance and not below 0; nil if it was not asked for, and for
  /// sets of fewer than ``fewest`` images.
  public let ci95: [Double]?

  enum CodingKeys: String, CodingKey {
    case extractor, preprocessing, images, halves, ci95
    case extractorHash = "extractor_hash"
    case distance = "frechet_distance"
  }

  /// Fewer images say nothing of chance.
  public static let fewest = 4
  /// How often both sets are drawn again for an interval.
  public static let resamples = 100

  /// - Parameters:
  ///   - resamplesWithSeed: Draws both sets again, by this seed, for an interval; nil for none. Features of all images are
  ///     then in memory.
  ///   - note: Called with a line about each set.
  /// - Throws: ``MetricError/tooFew(what:found:minimum:)`` for fewer than two images, `TorchError`; what reading throws.
  public init(
    _ first: any ImageSet, _ second: any ImageSet, with extractor: some FeatureExtractor,
    resamplesWithSeed seed: UInt64? = nil, note: (String) -> Void
  ) throws {
    let half = min(second.count / 2, first.count)
    let (one, oneParts) = try Self.statistics(of: first, extractor, keeps: seed != nil, note) { place in
      // Evenly spaced.
      (place + 1) * half / first.count > place * half / first.count ? 0 : nil
    }
    let (two, twoParts) = try Self.statistics(of: second, extractor, keeps: seed != nil, note) { place in
      place < half ? 0 : place >= second.count - half ? 1 : nil
    }
    self.init(
      one.statistics, two.statistics, distance: try one.statistics.frechetDistance(to: two.statistics),
      halves: half >= Self.fewest
        ? Halves(
          images: half, withinSecond: try FrechetDistance.between(twoParts[0], twoParts[1]),
          toFirst: try FrechetDistance.between(oneParts[0], twoParts[0])) : nil,
      ci95: try seed.flatMap { seed in
        guard min(first.count, second.count) >= Self.fewest else { return nil }
        let estimate = try Bootstrap.estimate(
          groups: Array(0..<first.count), and: Array(0..<second.count), resamples: Self.resamples, isCentred: true,
          seed: seed
        ) { try FrechetDistance.between(one.features.selecting($0), two.features.selecting($1)) }
        return [max(estimate.lower, 0), max(estimate.upper, 0)]
      })
  }

  /// The distance of statistics, of which one at least was stored.
  ///
  /// - Throws: ``FeatureError/incomparable(what:one:other:)``; `TorchError` if memory runs out.
  public init(_ first: FeatureStatistics, _ second: FeatureStatistics) throws {
    self.init(first, second, distance: try first.frechetDistance(to: second), halves: nil, ci95: nil)
  }

  private init(
    _ first: FeatureStatistics, _ second: FeatureStatistics, distance: Double, halves: Halves?, ci95: [Double]?
  ) {
    (extractor, extractorHash) = (first.provenance.extractor, first.provenance.extractorHash)
    preprocessing = first.provenance.preprocessing
    images = [first.provenance.count, second.provenance.count]
    (self.distance, self.halves, self.ci95) = (distance, halves, ci95)
  }

  /// Statistics of a set and of two parts of it.
  ///
  /// - Parameter part: Says of an image's place which part it is in, 0 or 1; nil for neither.
  private static func statistics(
    of set: any ImageSet, _ extractor: some FeatureExtractor, keeps: Bool, _ note: (String) -> Void,
    part: (Int) -> Int?
  ) throws -> (all: (statistics: FeatureStatistics, features: FeatureMatrix), parts: [GaussianStatistics]) {
    note("features of \(set.count.of("image")): \(set.title.onOneLine(limit: 100))")
    var all = GaussianAccumulator()
    var parts = [GaussianAccumulator(), GaussianAccumulator()]
    var kept: [Double] = []
    try FeatureStatistics.forEachBlock(of: set, with: extractor) { features, start in
      try all.add(features)
      for index in parts.indices {
        try parts[index].add(features.selecting((0..<features.rows).filter { part(start + $0) == index }))
      }
      if keeps { kept += features.values }
    }
    let statistics = FeatureStatistics(try all.statistics(), FeatureStatistics.Provenance(set, extractor))
    let features = try FeatureMatrix(kept, rows: kept.count / extractor.width, columns: extractor.width)
    return ((statistics, features), try parts.filter { $0.count >= 2 }.map { try $0.statistics() })
  }
}
