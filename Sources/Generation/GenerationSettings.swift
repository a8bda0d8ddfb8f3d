import Diffusion
import Torch

/// Where tensors live, as a user names it.
public enum DeviceChoice: Equatable, Sendable, CustomStringConvertible {
  /// The fastest device there is.
  case automatic
  case device(Device)

  public init(name: String) throws {
    let name = name.lowercased()
    if name == "auto" {
      self = .automatic
    } else if let device = Device(name) {
      self = .device(device)
    } else {
      throw RequestError.unknown(what: "device", value: name, known: ["auto", "cpu", "cuda", "cuda:N", "mps"])
    }
  }

  public var description: String {
    switch self {
    case .automatic: "auto"
    case .device(let device): device.description
    }
  }

  /// The device that the choice comes to on this machine.
  ///
  /// - Throws: `TorchError.deviceUnavailable` for one that is not there.
  public func resolved() throws -> Device {
    switch self {
    case .automatic: return try Device.best()
    case .device(let device):
      guard try device.isAvailable() else { throw TorchError.deviceUnavailable(device) }
      return device
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

  /// The choice that names `dtype`.
  public init(dtype: DType) {
    switch dtype {
    case .bfloat16: self = .bfloat16
    case .float16: self = .float16
    default: self = .float32
    }
  }

  /// The number format that the choice comes to on a device.
  public func resolved(on device: Device) -> DType {
    switch self {
    case .automatic: if case .cuda = device { .bfloat16 } else { .float32 }
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}

/// What a caller may choose for every image of a call. `nil` leaves the choice to the model's own defaults.
public struct GenerationSettings: Equatable, Sendable {
  /// Denoising steps, 1 to the model's number of training timesteps.
  public var steps: Int?
  /// Classifier-free guidance scale, in `ClassifierFreeGuidance.scaleRange`. 1 is the unguided conditional model.
  public var guidance: Double?
  /// What the image should not show; stands in place of the null condition.
  public var negative: String?
  public var sampler: SamplerKind?
  /// Share of fresh noise in each DDIM step, 0 (deterministic) to 1 (as DDPM).
  public var eta: Double?

  public init(
    steps: Int? = nil, guidance: Double? = nil, negative: String? = nil, sampler: SamplerKind? = nil,
    eta: Double? = nil
  ) {
    self.steps = steps
    self.guidance = guidance
    self.negative = negative
    self.sampler = sampler
    self.eta = eta
  }

  /// Checks everything that can be judged without a model.
  public func validate() throws {
    if let steps, steps < 1 {
      throw RequestError.outOfRange(what: "steps", value: "\(steps)", allowed: "at least 1")
    }
    if let guidance { try Self.check(guidance, "guidance", in: ClassifierFreeGuidance.scaleRange) }
    if let eta { try Self.check(eta, "eta", in: DDIMSampler.etaRange) }
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
