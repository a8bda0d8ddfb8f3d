import ImageFiles

/// What holds for every image of a dataset. Stored in its index; an import that asks for something else is refused.
public struct DatasetSettings: Sendable, Equatable, Codable {
  /// Sides that an image may be stored at.
  public static let imageSizes = 16...2048

  /// How a source's image becomes the stored one.
  public var preprocessing: ImagePreprocessing
  public var split: SplitFractions
  /// How patients are divided.
  public var splitRule: SplitRule
  /// Decides which patients go where.
  public var seed: UInt64
  /// The parts of a report that an image must have to be trained on.
  public var sections: [String]

  public init(
    imageSize: Int = 256, fit: SquareFit = .crop, split: SplitFractions = .standard,
    splitRule: SplitRule = .stratified, seed: UInt64 = 0, sections: [String] = ["findings", "impression"]
  ) {
    preprocessing = ImagePreprocessing(size: imageSize, fit: fit)
    self.split = split
    self.splitRule = splitRule
    self.seed = seed
    self.sections = sections
  }

  /// Width and height of the stored images, in pixels.
  public var imageSize: Int {
    get { preprocessing.size }
    set { preprocessing.size = newValue }
  }

  public var fit: SquareFit {
    get { preprocessing.fit }
    set { preprocessing.fit = newValue }
  }

  private enum CodingKeys: String, CodingKey {
    case fit, resampling, intensity, clahe, split, seed, sections
    case imageSize = "image_size"
    case splitRule = "split_by"
  }

  /// - Throws: `DecodingError` if a key is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    preprocessing = ImagePreprocessing(
      size: try values.decode(Int.self, forKey: .imageSize), fit: try values.decode(SquareFit.self, forKey: .fit),
      resampling: try values.decode(Resampling.self, forKey: .resampling),
      intensity: try values.decode(IntensityMapping.self, forKey: .intensity),
      clahe: try values.decodeIfPresent(ContrastLimitedEqualization.self, forKey: .clahe))
    split = try values.decode(SplitFractions.self, forKey: .split)
    splitRule = try values.decode(SplitRule.self, forKey: .splitRule)
    seed = try values.decode(UInt64.self, forKey: .seed)
    sections = try values.decode([String].self, forKey: .sections)
  }

  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(imageSize, forKey: .imageSize)
    try values.encode(fit, forKey: .fit)
    try values.encode(preprocessing.resampling, forKey: .resampling)
    try values.encode(preprocessing.intensity, forKey: .intensity)
    try values.encodeIfPresent(preprocessing.clahe, forKey: .clahe)
    try values.encode(split, forKey: .split)
    try values.encode(splitRule, forKey: .splitRule)
    try values.encode(seed, forKey: .seed)
    try values.encode(sections, forKey: .sections)
  }

  /// Pixels that were made differently must not be trained on together.
  ///
  /// - Throws: `DatasetError.mixedPreprocessing` if those of another dataset, or of an earlier run, were made differently.
  public func requirePreprocessing(_ other: ImagePreprocessing, path: String) throws(DatasetError) {
    guard preprocessing == other else {
      throw .mixedPreprocessing(path: path, stored: preprocessing.description, given: other.description)
    }
  }

  /// Images in one shard: about 256 MiB, and at least one.
  package var imagesPerShard: Int { max(1, (256 << 20) / (imageSize * imageSize)) }
}

/// How the patients of a source are divided.
public enum SplitRule: String, Sendable, Codable, CaseIterable {
  /// By the patient's name and the seed alone: shares are met on average, and labels are not looked at.
  case hash
  /// Shares of the eligible images are met exactly if whole patients allow it, and those of every label as nearly.
  case stratified
}

/// The shares of the eligible images in each split; they add up to 1.
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
  /// - Throws: `DatasetError.invalidSplit` if there are not three, one is negative or not finite, or all are 0.
  public init(_ text: String) throws(DatasetError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    let values = parts.compactMap { $0 }.filter { $0.isFinite && $0 >= 0 }
    let sum = values.reduce(0, +)
    guard parts.count == 3, values.count == 3, sum > 0, sum.isFinite else { throw .invalidSplit(text) }
    self.init(train: values[0] / sum, validation: values[1] / sum, test: values[2] / sum)
  }

  /// The share of one split.
  public subscript(split: DatasetSplit) -> Double {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  public var description: String {
    [train, validation, test].map { share in
      let percent = (share * 1000).rounded() / 10
      return percent == percent.rounded() ? "\(Int(percent))" : "\(percent)"
    }.joined(separator: "/")
  }
}
