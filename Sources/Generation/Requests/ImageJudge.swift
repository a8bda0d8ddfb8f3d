import ImageFiles

/// Says how near images are to a prompt. A judge is used by one task at a time.
public protocol ImageJudge {
  /// SHA-256 of its weights, in hexadecimal digits.
  var hash: String { get }

  /// How near each image is to a prompt.
  ///
  /// - Returns: A score for each image: the logarithm of a probability, so at most 0; the higher, the nearer.
  /// - Throws: An error if the judge can see nothing of what the prompt asks for.
  func scores(of images: [GrayscaleImage], prompt: String) throws -> [Double]
}
