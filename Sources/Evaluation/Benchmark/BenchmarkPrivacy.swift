import ImageFiles

/// The distances between pixels of CheXGenBench's privacy part, as its code computes them and as they were meant, of
/// ``BenchmarkPairs``.
///
/// Its code subtracts 8-bit values, so that a difference of -1 becomes 255; and it compares the last seed's sample each
/// time, so that the mean and the least over seeds are both that of the last.
struct BenchmarkPrivacy: SetMeasurement {
  let title = "distance to the training image of the same text, as CheXGenBench has it"

  /// The root of the mean squared difference of grey values, 0 to 255.
  struct Distance: Equatable {
    /// Differences modulo 256.
    var wrapped: Double
    var plain: Double

    /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for images of different size.
    init(_ one: GrayscaleImage, _ other: GrayscaleImage) throws(MetricError) {
      guard one.width == other.width, one.height == other.height else {
        throw .countMismatch(what: "pixels of an image", expected: one.pixels.count, found: other.pixels.count)
      }
      var (wrapped, plain) = (0, 0)
      for (a, b) in zip(one.pixels, other.pixels) {
        let (difference, modulo) = (Int(a) - Int(b), Int(a &- b))
        plain += difference * difference
        wrapped += modulo * modulo
      }
      let count = Double(one.pixels.count)
      self.wrapped = (Double(wrapped) / count).squareRoot()
      self.plain = (Double(plain) / count).squareRoot()
    }
  }

  /// The distances of one prompt's samples.
  ///
  /// - Parameter distances: Those of at least one sample, in the order of the samples.
  static func summary(_ distances: [Distance]) -> BenchmarkPairs.Summary {
    // The code has the last one for every seed.
    let last = distances.map { _ in distances[distances.count - 1].wrapped }
    return BenchmarkPairs.Summary(published: last, corrected: distances.map(\.plain), nearest: .least)
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    func summary(_ pair: BenchmarkPairs.Pair, _ set: any ImageSet, _ places: [Int]) throws -> BenchmarkPairs.Summary {
      let image = try compared.training.image(at: pair.training)
      return Self.summary(try places.map { try Distance(image, set.image(at: $0)) })
    }
    return try BenchmarkPairs(compared).figures(
      "pixel distance", nearest: .least,
      how: (
        published:
          "the root of the mean squared difference modulo 256 of the last sample of each prompt alone, which the "
          + "code takes for every seed",
        corrected: "the root of the mean squared difference of each sample"
      ),
      what: "\(compared.side)x\(compared.side) grey values 0 to 255",
      samples: { try summary($0, compared.samples, $0.samples) },
      real: { try summary($0, compared.heldOut, $0.standIns) })
  }
}
