import ImageFiles

/// How near a drawn image is to the images that its model was trained on.
public struct TrainingNearness: Codable, Equatable, Sendable {
  public enum Verdict: String, Codable, Sendable {
    /// A copy of a training image.
    case copy
    case clear
  }

  public var verdict: Verdict
  /// The distance to the nearest training image over that to the tenth nearest: near 0 for a copy, near 1 for an image to
  /// which no training image is special.
  public var distance: Double
  /// Below it an image is a copy.
  public var threshold: Double
  /// The number of training images.
  public var images: Int

  public init(verdict: Verdict, distance: Double, threshold: Double, images: Int) {
    self.verdict = verdict
    self.distance = distance
    self.threshold = threshold
    self.images = images
  }
}

/// Compares drawn images with training images.
public protocol TrainingNearnessJudge: Sendable {
  /// How near an image is to the training images.
  ///
  /// - Throws: What comparing throws; the image is then kept without a verdict.
  func nearness(of image: GrayscaleImage) async throws -> TrainingNearness
}
