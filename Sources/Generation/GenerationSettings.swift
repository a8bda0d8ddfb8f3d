/// How to integrate from noise to image: the samplers that `Generation` offers by their command-line names.
public enum SamplerName: String, CaseIterable, Codable, Sendable {
  case ddim
  case ddpm
  case dpmPlusPlus = "dpm++"
  case euler
  case heun

  public init(name: String) throws {
    guard let sampler = SamplerName(rawValue: name.lowercased()) else {
      throw RequestError.unknown(what: "sampler", value: name, known: Self.allCases.map(\.rawValue))
    }
    self = sampler
  }
}

/// Where tensors live, as a user names it.
public enum DeviceChoice: Equatable, Sendable, CustomStringConvertible {
  /// The first GPU there is, else the processor.
  case automatic
  case cpu
  case cuda(Int)
  case mps

  public init(name: String) throws {
    let parts = name.lowercased().split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first.map(String.init), parts.count) {
    case ("auto", 1): self = .automatic
    case ("cpu", 1): self = .cpu
    case ("mps", 1): self = .mps
    case ("cuda", 1): self = .cuda(0)
    case ("cuda", 2):
      guard parts[1].allSatisfy({ ("0"..."9").contains($0) }), let index = Int(parts[1]), index < 128 else {
        fallthrough
      }
      self = .cuda(index)
    default:
      throw RequestError.unknown(what: "device", value: name, known: ["auto", "cpu", "cuda", "cuda:N", "mps"])
    }
  }

  public var description: String {
    switch self {
    case .automatic: "auto"
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    case .mps: "mps"
    }
  }
}

/// Number format of the network's arithmetic; weights on disk may have another.
public enum PrecisionChoice: String, CaseIterable, Sendable {
  /// What is fastest on the device at hand without a visible loss: float32 on a processor, bfloat16 on a GPU.
  case automatic = "auto"
  case float32 = "fp32"
  case bfloat16 = "bf16"
  case float16 = "fp16"

  public init(name: String) throws {
    guard let precision = PrecisionChoice(rawValue: name.lowercased()) else {
      throw RequestError.unknown(what: "precision", value: name, known: Self.allCases.map(\.rawValue))
    }
    self = precision
  }
}

/// What a caller may choose for every image of a call. `nil` leaves the choice to the model's own defaults.
public struct GenerationSettings: Equatable, Sendable {
  /// Denoising steps, 1 to the model's number of training timesteps.
  public var steps: Int?
  /// Classifier-free guidance scale, 0 to 100. 1 is the unguided conditional model.
  public var guidance: Double?
  /// What the image should not show; stands in place of the null condition.
  public var negative: String?
  public var sampler: SamplerName?
  /// Share of fresh noise in each DDIM step, 0 (deterministic) to 1 (as DDPM).
  public var eta: Double?

  public init(
    steps: Int? = nil, guidance: Double? = nil, negative: String? = nil, sampler: SamplerName? = nil,
    eta: Double? = nil
  ) {
    self.steps = steps
    self.guidance = guidance
    self.negative = negative
    self.sampler = sampler
    self.eta = eta
  }

  public static let guidanceRange = 0.0...100.0
  public static let etaRange = 0.0...1.0

  /// Checks everything that can be judged without a model.
  public func validate() throws {
    if let steps, steps < 1 {
      throw RequestError.outOfRange(what: "steps", value: "\(steps)", allowed: "at least 1")
    }
    if let guidance { try Self.check(guidance, "guidance", in: Self.guidanceRange) }
    if let eta { try Self.check(eta, "eta", in: Self.etaRange) }
    if let negative, negative.allSatisfy(\.isWhitespace) {
      throw RequestError.conflict("the negative prompt is empty", remedy: "say what to avoid, or leave it out")
    }
  }

  private static func check(_ value: Double, _ what: String, in range: ClosedRange<Double>) throws {
    // NaN is in no range.
    guard range.contains(value) else {
      throw RequestError.outOfRange(
        what: what, value: "\(value)", allowed: "\(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
  }

  /// A prompt without words can only mean the null prompt, which has nothing to be guided away from.
  public static func check(prompt: String, index: Int, guidance: Double) throws {
    if guidance != 1, prompt.allSatisfy({ $0.isWhitespace || $0 == "\u{FEFF}" }) {
      throw RequestError.emptyPrompt(index: index)
    }
  }
}
