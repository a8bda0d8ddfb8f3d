import Diffusion

/// How images are sampled: a model's own settings, or a request's with the model's filled in.
public struct SamplingSettings: Codable, Equatable, Sendable {
  public var steps: Int
  /// Classifier-free guidance scale; 1 is off.
  public var guidance: Double
  /// How much of the contrast that guidance adds is taken back, 0 to 1 (Lin et al., arXiv:2305.08891).
  public var guidanceRescale: Double
  /// The times, 0 (clean) to 1 (noise), at which guidance acts; nil for all (Kynkäänniemi et al., arXiv:2404.07724).
  public var guidanceInterval: ClosedRange<Double>?
  public var sampler: SamplerKind
  public var eta: Double

  public init(
    steps: Int, guidance: Double, guidanceRescale: Double = 0, guidanceInterval: ClosedRange<Double>? = nil,
    sampler: SamplerKind, eta: Double = 0
  ) {
    self.steps = steps
    self.guidance = guidance
    self.guidanceRescale = guidanceRescale
    self.guidanceInterval = guidanceInterval
    self.sampler = sampler
    self.eta = eta
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      steps: try values.decode(Int.self, forKey: .steps), guidance: try values.decode(Double.self, forKey: .guidance),
      guidanceRescale: try values.decodeIfPresent(Double.self, forKey: .guidanceRescale) ?? 0,
      guidanceInterval: try values.decodeIfPresent(ClosedRange<Double>.self, forKey: .guidanceInterval),
      sampler: try values.decode(SamplerKind.self, forKey: .sampler),
      eta: try values.decodeIfPresent(Double.self, forKey: .eta) ?? 0)
  }

  /// Guidance as the samplers take it.
  ///
  /// - Throws: `DiffusionError` for values outside their ranges.
  public func classifierFreeGuidance() throws -> ClassifierFreeGuidance {
    try ClassifierFreeGuidance(scale: guidance, rescale: guidanceRescale, interval: guidanceInterval)
  }
}
