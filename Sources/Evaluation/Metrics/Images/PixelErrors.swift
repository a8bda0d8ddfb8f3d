import Foundation

/// The mean squared error.
public enum MeanSquaredError {
  /// The mean over pixels of the squared difference, for each pair of images, in the square of the pixels' unit.
  ///
  /// - Throws: ``MetricError`` for sets of different shape.
  public static func values(_ a: GrayImages, _ b: GrayImages) throws(MetricError) -> [Double] {
    try a.requirePairs(with: b)
    return (0..<a.count).map { index in
      var sum = 0.0
      for (x, y) in zip(a[index], b[index]) {
        let difference = Double(x) - Double(y)
        sum += difference * difference
      }
      return sum / Double(a.height * a.width)
    }
  }
}

/// The peak signal-to-noise ratio.
public enum PeakSignalToNoise {
  /// 10 log10(range^2 / mean squared error) for each pair of images, in dB; infinite for equal images.
  ///
  /// - Parameter dataRange: The distance between the least and the greatest value a pixel can have.
  /// - Throws: ``MetricError`` for sets of different shape and a range that is not positive.
  public static func values(_ a: GrayImages, _ b: GrayImages, dataRange: Double) throws(MetricError) -> [Double] {
    try a.requirePairs(with: b, dataRange: dataRange)
    return try MeanSquaredError.values(a, b).map { 10 * log10(dataRange * dataRange / $0) }
  }
}
