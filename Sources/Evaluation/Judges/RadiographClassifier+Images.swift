import RadiographModels

extension RadiographClassifier {
  /// The probability of every judgement for each image.
  ///
  /// - Parameter images: grey values of any range, of ``side`` pixels a side.
  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for images of another size; `TorchError`.
  public func probabilities(_ images: GrayImages) throws -> [[Double]] {
    let side = Self.side
    guard images.height == side, images.width == side else {
      throw MetricError.countMismatch(what: "columns of the classifier's images", expected: side, found: images.width)
    }
    return try probabilities(pixels: images.pixels, count: images.count)
  }
}
