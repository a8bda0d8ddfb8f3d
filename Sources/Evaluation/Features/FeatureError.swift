import Support

/// Why statistics of features cannot be compared.
public enum FeatureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Statistics of different extractors or preprocessing.
  case incomparable(what: String, one: String, other: String)
  /// A file that holds no statistics.
  case noStatistics(path: String)

  public var description: String {
    switch self {
    case .incomparable(let what, let one, let other):
      "statistics of different \(what) (\(one); \(other)) have no distance: compute both in the same way"
    case .noStatistics(let path):
      "'\(path.onOneLine())' holds no statistics of images: give a file of 'thorax evaluate reference', or a folder"
    }
  }
}
