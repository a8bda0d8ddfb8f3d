extension Collection<Double> {
  /// The middle value in order of size, the mean of the two middle ones if their number is even; NaN without values.
  public var median: Double {
    let ordered = sorted()
    guard !ordered.isEmpty else { return .nan }
    return (ordered[(ordered.count - 1) / 2] + ordered[ordered.count / 2]) / 2
  }

  /// The value below which a share of the values lies, interpolated linearly between the two nearest, as numpy does; NaN
  /// without values.
  ///
  /// - Parameter share: 0 for the least value to 1 for the greatest.
  public func quantile(_ share: Double) -> Double { sorted().quantile(ofSorted: share) }
}

extension [Double] {
  /// ``Swift/Collection/quantile(_:)`` of values that are in order of size.
  public func quantile(ofSorted share: Double) -> Double {
    guard !isEmpty else { return .nan }
    let position = Swift.min(Swift.max(share, 0), 1) * Double(count - 1)
    let below = Int(position)
    // Equal neighbours may both be infinite, as the ratios of equal images are.
    guard below + 1 < count, self[below] != self[below + 1] else { return self[below] }
    return self[below] + (position - Double(below)) * (self[below + 1] - self[below])
  }
}
