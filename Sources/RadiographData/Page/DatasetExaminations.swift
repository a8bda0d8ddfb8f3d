/// What was looked for in a dataset beyond its counts, for its page. What is nil was not looked for, and the page
/// says so.
public struct DatasetExaminations: Sendable, Equatable {
  /// Two images that look the same.
  public struct ImagePair: Sendable, Equatable {
    /// An image as `source/path`, and the part of the dataset that it is in.
    public struct Member: Sendable, Equatable {
      public var name: String
      public var split: DatasetSplit

      public init(_ name: String, split: DatasetSplit) {
        self.name = name
        self.split = split
      }
    }

    public var first: Member
    public var second: Member
    /// Bits of the perceptual hash that differ.
    public var distance: Int

    public init(_ first: Member, _ second: Member, distance: Int) {
      self.first = first
      self.second = second
      self.distance = distance
    }
  }

  /// Near-duplicates on two sides of the split.
  public var nearDuplicates: [ImagePair]?
  /// Patients in more than one part.
  public var leakingPatients: [String]?
  /// Studies in more than one part.
  public var leakingStudies: [String]?

  public init(
    nearDuplicates: [ImagePair]? = nil, leakingPatients: [String]? = nil, leakingStudies: [String]? = nil
  ) {
    self.nearDuplicates = nearDuplicates
    self.leakingPatients = leakingPatients
    self.leakingStudies = leakingStudies
  }
}
