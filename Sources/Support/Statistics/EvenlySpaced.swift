extension RandomAccessCollection where Index == Int {
  /// At most `limit` of the elements, at equal distances, from the first on: all of them if there are no more.
  public func evenlySpaced(_ limit: Int) -> [Element] {
    let kept = Swift.min(limit, count)
    return (0..<kept).map { self[startIndex + $0 * count / kept] }
  }
}
