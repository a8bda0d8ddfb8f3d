import Diffusion
import Models
import Support

/// What a caller may choose for every image of a call. Nil leaves the choice to the model's own defaults.
public struct SamplingOverrides: Equatable, Sendable {
  /// Whose settings stand where the others here are nil; nil for those of ``SamplingQuality/fast``.
  public var quality: SamplingQuality?
  /// Denoising steps, 1 to the model's number of training timesteps.
  public var steps: Int?
  /// Classifier-free guidance scale, in `ClassifierFreeGuidance.scaleRange`. 1 is the unguided conditional model.
  public var guidance: Double?
  /// How much of the contrast that guidance adds is taken back, in `ClassifierFreeGuidance.rescaleRange`.
  public var guidanceRescale: Double?
  /// The times at which guidance acts.
  public var guidanceInterval: GuidanceInterval?
  /// What guidance leads away from without ``negative``.
  public var guidanceFrom: GuidanceReference?
  /// What the image should not show; stands in place of what ``guidanceFrom`` says.
  public var negative: String?
  public var sampler: SamplerKind?
  /// Share of fresh noise in each DDIM step, 0 (deterministic) to 1 (as DDPM).
  public var eta: Double?

  public init(
    steps: Int? = nil, guidance: Double? = nil, guidanceRescale: Double? = nil,
    guidanceInterval: GuidanceInterval? = nil, guidanceFrom: GuidanceReference? = nil, negative: String? = nil,
    sampler: SamplerKind? = nil,
    eta: Double? = nil, quality: SamplingQuality? = nil
  ) {
    self.quality = quality
    self.steps = steps
    self.guidance = guidance
    self.guidanceRescale = guidanceRescale
    self.guidanceInterval = guidanceInterval
    self.guidanceFrom = guidanceFrom
    self.negative = negative
    self.sampler = sampler
    self.eta = eta
  }

  /// Checks everything that can be judged without a model.
  ///
  /// - Throws: ``RequestError`` for a number outside its range, and for a negative prompt that is empty or has control
  ///   characters.
  public func validate() throws {
    if let steps, steps < 1 {
      throw RequestError.outOfRange(what: "steps", value: "\(steps)", allowed: "at least 1")
    }
    if let guidance { try Self.check(guidance, "guidance", in: ClassifierFreeGuidance.scaleRange) }
    if let guidanceRescale {
      try Self.check(guidanceRescale, "guidance-rescale", in: ClassifierFreeGuidance.rescaleRange)
    }
    if let eta { try Self.check(eta, "eta", in: DDIMSampler.etaRange) }
    if let negative, negative.allSatisfy(\.isWhitespace) {
      throw RequestError.conflict("the negative prompt is empty", remedy: "say what to avoid, or leave it out")
    }
    if let negative { try RequestError.refuseControlCharacters(in: negative, of: "the negative prompt") }
  }

  private static func check(_ value: Double, _ what: String, in range: ClosedRange<Double>) throws {
    // NaN is in no range.
    guard range.contains(value) else {
      throw RequestError.outOfRange(
        what: what, value: value.isNaN ? "nan, which is not a number" : "\(value)",
        allowed: "\(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
  }

  /// Refuses a prompt without words unless guidance is 1: it can only mean the null prompt, which has nothing to be
  /// guided away from.
  ///
  /// - Throws: ``RequestError/emptyPrompt(index:)``.
  public static func check(prompt: String, index: Int, guidance: Double) throws {
    if guidance != 1, prompt.allSatisfy({ $0.isWhitespace || $0 == "\u{FEFF}" }) {
      throw RequestError.emptyPrompt(index: index)
    }
  }
}
