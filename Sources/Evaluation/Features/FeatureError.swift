/// Why statistics of features cannot be compared.
public enum FeatureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Statistics of different extractors or preprocessing.
  case incomparable(what: String, one: String, other: String)

  public var description: String {
    switch self {
    case .incomparable(let what, let one, let other):
      "statistics of different \(what) (\(one); \(other)) have no distance: compute both in the same way"
    }
  }
}
