/// By how much drawn images get their details stronger than the decoder leaves them: a difference of Gaussians (Marr and
/// Hildreth, Proceedings of the Royal Society B 207, 1980) is added, as unsharp masking does in radiography.
///
///     image + amount (blur(image, fineDeviation) - blur(image, coarseDeviation))
///
/// Networks that are trained for small errors leave a part of the middle frequencies out, sampler and decoder alike; this
/// multiplies what is left of them. It adds no detail that was not drawn.
public struct DetailGain: Codable, Equatable, Sendable {
  /// 0 for none.
  public var amount: Double
  /// The deviations of the Gaussians, in pixels: details larger than the second and smaller than the first stay as they are.
  public var fineDeviation: Double
  public var coarseDeviation: Double

  enum CodingKeys: String, CodingKey, CaseIterable { case amount, fineDeviation, coarseDeviation }

  public init(amount: Double, fineDeviation: Double = 0.6, coarseDeviation: Double = 3) {
    (self.amount, self.fineDeviation, self.coarseDeviation) = (amount, fineDeviation, coarseDeviation)
  }

  static let amountRange = 0.0...2.0
  /// Blurs of more are no details.
  static let deviationRange = 0.1...16.0

  /// What cannot be meant; nil if all can.
  public var problem: String? {
    if !Self.amountRange.contains(amount) { return "a gain of details by \(amount)" }
    if !Self.deviationRange.contains(fineDeviation) || !Self.deviationRange.contains(coarseDeviation)
      || fineDeviation >= coarseDeviation
    {
      return "details between deviations of \(fineDeviation) and \(coarseDeviation) pixels"
    }
    return nil
  }
}
