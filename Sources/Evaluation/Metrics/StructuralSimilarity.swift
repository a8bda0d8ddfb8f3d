import Foundation

/// The structural similarity index (Wang et al., IEEE Transactions on Image Processing 13, 2004).
///
/// Gaussian windows of 11 x 11 and deviation 1.5, K1 = 0.01, K2 = 0.03, averaged where the window lies wholly inside
/// the image: what scikit-image computes as `structural_similarity(gaussian_weights=True, sigma=1.5,
/// use_sample_covariance=False)`.
public enum StructuralSimilarity {
  static let radius = 5

  private static let window: [Double] = {
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }()

  /// One value for each pair of images, at most 1.
  ///
  /// - Parameter dataRange: the distance between the least and the greatest value a pixel can have.
  /// - Throws: `MetricError` for sets of different shape, images under 11 pixels a side, and a range that is not
  ///   positive.
  public static func values(_ a: GrayImages, _ b: GrayImages, dataRange: Double) throws(MetricError) -> [Double] {
    try requirePairs(a, b, dataRange: dataRange)
    let minimum = 2 * radius + 1
    guard a.height >= minimum, a.width >= minimum else {
      throw .imageTooSmall(height: a.height, width: a.width, minimum: minimum)
    }
    return (0..<a.count).map { index in
      value(a[index].map(Double.init), b[index].map(Double.init), height: a.height, width: a.width, range: dataRange)
    }
  }

  private static func value(_ a: [Double], _ b: [Double], height: Int, width: Int, range: Double) -> Double {
    func smooth(_ values: [Double]) -> [Double] { smoothed(values, height: height, width: width) }
    let meanA = smooth(a)
    let meanB = smooth(b)
    let squareA = smooth(zip(a, a).map { $0 * $1 })
    let squareB = smooth(zip(b, b).map { $0 * $1 })
    let product = smooth(zip(a, b).map { $0 * $1 })
    let (c1, c2) = (pow(0.01 * range, 2), pow(0.03 * range, 2))
    var sum = 0.0
    for index in meanA.indices {
      let (x, y) = (meanA[index], meanB[index])
      let varianceA = squareA[index] - x * x
      let varianceB = squareB[index] - y * y
      let covariance = product[index] - x * y
      // Equation 13.
      sum += ((2 * x * y + c1) * (2 * covariance + c2)) / ((x * x + y * y + c1) * (varianceA + varianceB + c2))
    }
    return sum / Double(meanA.count)
  }

  /// The windowed means, where the window fits: (height - 10) x (width - 10).
  private static func smoothed(_ values: [Double], height: Int, width: Int) -> [Double] {
    // A local copy: a static would be looked up for every tap.
    let weights = window
    let taps = weights.count
    let columns = width - taps + 1
    let rows = height - taps + 1
    var horizontal = [Double](repeating: 0, count: height * columns)
    var result = [Double](repeating: 0, count: rows * columns)
    values.withUnsafeBufferPointer { source in
      for y in 0..<height {
        for x in 0..<columns {
          var sum = 0.0
          for tap in 0..<taps { sum += weights[tap] * source[y * width + x + tap] }
          horizontal[y * columns + x] = sum
        }
      }
    }
    horizontal.withUnsafeBufferPointer { source in
      for y in 0..<rows {
        for x in 0..<columns {
          var sum = 0.0
          for tap in 0..<taps { sum += weights[tap] * source[(y + tap) * columns + x] }
          result[y * columns + x] = sum
        }
      }
    }
    return result
  }
}

/// The peak signal-to-noise ratio.
public enum PeakSignalToNoise {
  /// 10 log10(range^2 / mean squared error) for each pair of images, in dB; infinite for equal images.
  ///
  /// Throws `MetricError` for sets of different shape and a range that is not positive.
  public static func values(_ a: GrayImages, _ b: GrayImages, dataRange: Double) throws(MetricError) -> [Double] {
    try requirePairs(a, b, dataRange: dataRange)
    return (0..<a.count).map { index in
      var sum = 0.0
      for (x, y) in zip(a[index], b[index]) {
        let difference = Double(x) - Double(y)
        sum += difference * difference
      }
      return 10 * log10(dataRange * dataRange / (sum / Double(a.height * a.width)))
    }
  }
}

private func requirePairs(_ a: GrayImages, _ b: GrayImages, dataRange: Double) throws(MetricError) {
  try a.requireSameShape(as: b)
  guard a.count == b.count else { throw .countMismatch(what: "images", expected: a.count, found: b.count) }
  guard dataRange > 0, dataRange.isFinite else {
    throw .invalidSetting(name: "the data range", value: dataRange, allowed: "a positive number")
  }
}
