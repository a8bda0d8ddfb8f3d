/// Floating-point operations of a model's parts, a multiply-add counted as two.
public struct ModelCost: Codable, Equatable, Sendable {
  /// One call of the noise predictor for one latent.
  public internal(set) var call = 0
  /// One latent to its image.
  public internal(set) var decoder = 0
  /// One image to its latent.
  public internal(set) var encoder = 0
  /// The projection, keys and values of one text; the text encoder is not counted.
  public internal(set) var text = 0

  /// All calls of the noise predictor for an image.
  ///
  /// - Parameter guidedCalls: The calls made for the text and for no text; the others are made for the text alone.
  public func denoising(calls: Int, guidedCalls: Int) -> Int { (calls + guidedCalls) * call }

  /// An image: keys and values of its text, the calls of the noise predictor, the decoder.
  public func image(calls: Int, guidedCalls: Int) -> Int {
    text + denoising(calls: calls, guidedCalls: guidedCalls) + decoder
  }
}
