import Torch

// B batch, H height, W width

extension GrayImages {
  /// Refuses images of one value throughout, such as all black: a model that draws them has failed, and what is computed
  /// from them means nothing.
  ///
  /// - Throws: ``MetricError/constantImage(index:value:)`` for the first one.
  public func requireContrast() throws(MetricError) {
    for index in 0..<count {
      let image = self[index]
      guard let first = image.first, image.allSatisfy({ $0 == first }) else { continue }
      throw .constantImage(index: index, value: Double(first))
    }
  }

  /// Refuses a set of the same images, in whatever order.
  ///
  /// - Throws: ``MetricError/identicalSets(what:)``.
  public func requireDistinct(from other: GrayImages) throws(MetricError) {
    guard count > 0, count == other.count, height == other.height, width == other.width else { return }
    if Self.hold(same: (0..<count).map { self[$0] }, as: (0..<count).map { other[$0] }) {
      throw .identicalSets(what: "images")
    }
  }

  /// Whether two lists hold the same items equally often.
  static func hold<Item: Hashable>(same items: [Item], as others: [Item]) -> Bool {
    var counts: [Item: Int] = [:]
    for item in items { counts[item, default: 0] += 1 }
    for item in others {
      guard let count = counts[item], count > 0 else { return false }
      counts[item] = count - 1
    }
    return items.count == others.count
  }

  /// Two sets of which the images of one place are compared.
  func requirePairs(with other: GrayImages, dataRange: Double? = nil) throws(MetricError) {
    try requireSameShape(as: other)
    guard count == other.count else { throw .countMismatch(what: "images", expected: count, found: other.count) }
    guard let dataRange else { return }
    guard dataRange > 0, dataRange.isFinite else {
      throw .invalidSetting(name: "the data range", value: dataRange, allowed: "a positive number")
    }
  }

  func require(side minimum: Int) throws(MetricError) {
    guard height >= minimum, width >= minimum else {
      throw .imageTooSmall(height: height, width: width, minimum: minimum)
    }
  }

  /// The images of a range, `[B, 1, H, W]`.
  func tensor(_ range: Range<Int>, dtype: DType) throws -> Tensor {
    let size = height * width
    return try Tensor(
      Array(pixels[range.lowerBound * size..<range.upperBound * size]), shape: [range.count, 1, height, width]
    ).to(dtype)
  }

  /// Calls `body` with a few images at a time of both sets, `[B, 1, H, W]`, and joins what it returns.
  func pairedBlocks(
    of size: Int = 8, with other: GrayImages, dtype: DType = .float64, _ body: (Tensor, Tensor) throws -> [Double]
  ) throws -> [Double] {
    try stride(from: 0, to: count, by: size).flatMap { start in
      let range = start..<Swift.min(start + size, count)
      return try body(tensor(range, dtype: dtype), other.tensor(range, dtype: dtype))
    }
  }
}
