/// The shape of an image's pixels: their height over their width, 1 for a square.
public enum PixelAspect {
  /// A file with a greater ratio is wrong.
  private static let believable = 0.1...10.0

  /// The ratio of two sides in any unit.
  ///
  /// - Returns: 1 if they differ by less than a thousandth; nil if either is no positive number, or the ratio is beyond
  ///   0.1 to 10.
  public static func ratio(height: Double, width: Double) -> Double? {
    guard height > 0, width > 0, height.isFinite, width.isFinite else { return nil }
    let ratio = height / width
    guard believable.contains(ratio) else { return nil }
    return abs(ratio - 1) < 0.001 ? 1 : ratio
  }
}
