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
  /// What guidance leads away from where no negative prompt is given.
  public var guidanceFrom: GuidanceReference
  public var sampler: SamplerKind
  public var eta: Double

  public init(
    steps: Int, guidance: Double, guidanceRescale: Double = 0, guidanceInterval: ClosedRange<Double>? = nil,
    guidanceFrom: GuidanceReference = .nothing, sampler: SamplerKind, eta: Double = 0
  ) {
    self.steps = steps
    self.guidance = guidance
    self.guidanceRescale = guidanceRescale
    self.guidanceInterval = guidanceInterval
    self.guidanceFrom = guidanceFrom
    self.sampler = sampler
    self.eta = eta
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case steps, guidance, guidanceRescale, guidanceInterval, guidanceFrom, sampler, eta
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      steps: try values.decode(Int.self, forKey: .steps), guidance: try values.decode(Double.self, forKey: .guidance),
      guidanceRescale: try values.decodeIfPresent(Double.self, forKey: .guidanceRescale) ?? 0,
      guidanceInterval: try values.decodeIfPresent(ClosedRange<Double>.self, forKey: .guidanceInterval),
      guidanceFrom: try values.decodeIfPresent(GuidanceReference.self, forKey: .guidanceFrom) ?? .nothing,
      sampler: try values.decode(SamplerKind.self, forKey: .sampler),
      eta: try values.decodeIfPresent(Double.self, forKey: .eta) ?? 0)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(steps, forKey: .steps)
    try values.encode(guidance, forKey: .guidance)
    try values.encode(guidanceRescale, forKey: .guidanceRescale)
    try values.encodeIfPresent(guidanceInterval, forKey: .guidanceInterval)
    // Left out where it says nothing, so that models that know nothing of it keep their hash.
    if guidanceFrom != .nothing { try values.encode(guidanceFrom, forKey: .guidanceFrom) }
    try values.encode(sampler, forKey: .sampler)
    try values.encode(eta, forKey: .eta)
  }

  /// Guidance as the samplers take it.
  ///
  /// - Throws: `DiffusionError` for values outside their ranges.
  public func classifierFreeGuidance() throws -> ClassifierFreeGuidance {
    try ClassifierFreeGuidance(scale: guidance, rescale: guidanceRescale, interval: guidanceInterval)
  }
}
