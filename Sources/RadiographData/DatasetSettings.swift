import ImageFiles

/// What holds for every image of a dataset. Stored in its index; an import that asks for something else is refused.
public struct DatasetSettings: Sendable, Equatable, Codable {
  /// Sides that an image may be stored at.
  public static let imageSizes = 16...2048

  /// Width and height of the stored images, in pixels.
  public var imageSize: Int
  public var fit: SquareFit
  public var split: SplitFractions
  /// Decides which patients go where.
  public var seed: UInt64
  /// The parts of a report that an image must have to be trained on.
  public var sections: [String]

  public init(
    imageSize: Int = 256, fit: SquareFit = .crop, split: SplitFractions = .standard, seed: UInt64 = 0,
    sections: [String] = ["findings", "impression"]
  ) {
    self.imageSize = imageSize
    self.fit = fit
    self.split = split
    self.seed = seed
    self.sections = sections
  }

  private enum CodingKeys: String, CodingKey {
    case fit, split, seed, sections
    case imageSize = "image_size"
  }

  /// Images in one shard: about 256 MiB, and at least one.
  var imagesPerShard: Int { max(1, (256 << 20) / (imageSize * imageSize)) }
}

/// The shares of the patients in each split; they add up to 1.
public struct SplitFractions: Sendable, Equatable, Codable, CustomStringConvertible {
  public var train: Double
  public var validation: Double
  public var test: Double

  /// The article's: 2,311, 330 and 660 of 3,301.
  public static let standard = SplitFractions(train: 0.7, validation: 0.1, test: 0.2)

  private init(train: Double, validation: Double, test: Double) {
    self.train = train
    self.validation = validation
    self.test = test
  }

  /// Three numbers of any scale, `70/10/20`.
  ///
  /// - Throws: `DatasetError.invalidSplit` where there are not three, one is negative or not finite, or all are 0.
  public init(_ text: String) throws(DatasetError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    let values = parts.compactMap { $0 }.filter { $0.isFinite && $0 >= 0 }
    let sum = values.reduce(0, +)
    guard parts.count == 3, values.count == 3, sum > 0, sum.isFinite else { throw .invalidSplit(text) }
    self.init(train: values[0] / sum, validation: values[1] / sum, test: values[2] / sum)
  }

  public var description: String {
    [train, validation, test].map { share in
      let percent = (share * 1000).rounded() / 10
      return percent == percent.rounded() ? "\(Int(percent))" : "\(percent)"
    }.joined(separator: "/")
  }
}
