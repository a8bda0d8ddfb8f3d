import Support

/// Mean and covariance of the features of a set of images, and what has to be stated beside a figure that is computed
/// from them.
public struct FeatureStatistics: Sendable {
  public let gaussian: GaussianStatistics
  public let provenance: Provenance

  /// What the statistics are of. Two that agree in all but `source` are the same.
  public struct Provenance: Codable, Equatable, Sendable {
    /// The extractor's name and the hash of its weights.
    public var extractor: String
    public var extractorHash: String
    public var preprocessing: String
    /// The number of images.
    public var count: Int
    /// ``ImageSet/contentHash`` of the images.
    public var imagesHash: String
    /// What reports call the images.
    public var source: String

    init(_ images: any ImageSet, _ extractor: some FeatureExtractor) {
      self.extractor = extractor.name
      extractorHash = extractor.hash
      preprocessing = extractor.preprocessing
      count = images.count
      imagesHash = images.contentHash
      source = images.title
    }

    /// A hash of the extractor's weights, the preprocessing and the images.
    public var key: String { ContentHash.of(parts: [extractorHash, preprocessing, imagesHash]) }
  }

  init(_ gaussian: GaussianStatistics, _ provenance: Provenance) {
    self.gaussian = gaussian
    self.provenance = provenance
  }

  /// Features that are gathered before they are added to a covariance, which is larger than a batch of them.
  private static let gathered = 256

  /// Computes statistics; memory does not grow with the number of images.
  ///
  /// - Parameters:
  ///   - batchSize: Images that the network computes at once; nil for the extractor's own number.
  ///   - progress: Called with the number of images done.
  /// - Throws: ``MetricError/tooFew(what:found:minimum:)`` for fewer than two images; `TorchError`; what reading an image
  ///   throws.
  public static func computed(
    of images: any ImageSet, with extractor: some FeatureExtractor, batchSize: Int? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws -> FeatureStatistics {
    var accumulator = GaussianAccumulator()
    try forEachBlock(of: images, with: extractor, batchSize: batchSize, progress: progress) { features, _ in
      try accumulator.add(features)
    }
    return FeatureStatistics(try accumulator.statistics(), Provenance(images, extractor))
  }

  /// Features of a set, some hundreds at a time.
  ///
  /// - Parameter body: Gets features, and the place of their first image in the set.
  /// - Throws: As ``computed(of:with:batchSize:progress:)``, and what `body` throws.
  static func forEachBlock(
    of images: any ImageSet, with extractor: some FeatureExtractor, batchSize: Int? = nil,
    progress: (Int) -> Void = { _ in }, _ body: (FeatureMatrix, Int) throws -> Void
  ) throws {
    guard images.count >= 2 else { throw MetricError.tooFew(what: "images", found: images.count, minimum: 2) }
    var values: [Double] = []
    var done = 0
    func flush() throws {
      guard !values.isEmpty else { return }
      let rows = values.count / extractor.width
      try body(FeatureMatrix(values, rows: rows, columns: extractor.width), done - rows)
      values.removeAll(keepingCapacity: true)
    }
    try extractor.forEachBatch(of: images, batchSize: batchSize ?? type(of: extractor).standardBatchSize) { outputs in
      values += outputs.features.values
      done += outputs.features.rows
      if values.count >= gathered * extractor.width { try flush() }
      progress(done)
    }
    try flush()
  }

  /// The Fréchet distance to other statistics of the same extractor.
  ///
  /// - Throws: ``FeatureError/incomparable(what:one:other:)``; `TorchError` if memory runs out.
  public func frechetDistance(to other: FeatureStatistics) throws -> Double {
    let (one, two) = (provenance, other.provenance)
    guard one.extractorHash == two.extractorHash else {
      throw FeatureError.incomparable(
        what: "extractors", one: "\(one.extractor), \(one.extractorHash.prefix(12))",
        other: "\(two.extractor), \(two.extractorHash.prefix(12))")
    }
    guard one.preprocessing == two.preprocessing else {
      throw FeatureError.incomparable(what: "preprocessing", one: one.preprocessing, other: two.preprocessing)
    }
    return try FrechetDistance.between(gaussian, other.gaussian)
  }
}
