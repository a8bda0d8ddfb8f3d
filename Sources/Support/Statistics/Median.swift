extension Collection<Double> {
  /// The middle value in order of size, the mean of the two middle ones if their number is even; NaN without values.
  public var median: Double {
    let ordered = sorted()
    guard !ordered.isEmpty else { return .nan }
    return (ordered[(ordered.count - 1) / 2] + ordered[ordered.count / 2]) / 2
  }
}
