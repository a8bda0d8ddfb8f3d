/// How signal fades into noise over the time of diffusion: x_t = alpha(t) x_0 + sigma(t) epsilon.
///
/// A value for `model.json`. It is written flat, with the curve's name under `type`:
/// `{"type": "linear", "betaStart": 0.0001, "betaEnd": 0.02, "trainTimesteps": 1000, "zeroTerminalSNR": false}`.
/// The numbers themselves come from `NoiseTable` and `DiffusionProcess`.
public struct NoiseSchedule: Sendable, Hashable {
  /// The shape of the fade, with the parameters that belong to it.
  public enum Curve: Sendable, Hashable {
    /// beta_t runs linearly from the first value to the last (Ho et al., arXiv:2006.11239, section 4).
    case linear(betaStart: Double = 1e-4, betaEnd: Double = 0.02)
    /// sqrt(beta_t) runs linearly (Rombach et al., arXiv:2112.10752; Stable Diffusion).
    case scaledLinear(betaStart: Double = 0.00085, betaEnd: Double = 0.012)
    /// alphaBar(t) = cos^2((t + offset) / (1 + offset) pi / 2), each beta at most `maximumBeta`
    /// (Nichol and Dhariwal, arXiv:2102.09672, equation 17).
    case cosine(offset: Double = 0.008, maximumBeta: Double = 0.999)
    /// beta_t = sigmoid(u) (betaEnd - betaStart) + betaStart, u from -6 to 6 (GeoDiff, arXiv:2203.02923).
    case sigmoid(betaStart: Double = 1e-4, betaEnd: Double = 0.02)
    /// alphaBar(t) = sigmoid(logSNR(t)), the logarithm of the signal-to-noise ratio running linearly
    /// (Kingma et al., arXiv:2107.00630, section 3.2).
    case sigmoidLogSNR(maximum: Double = 9, minimum: Double = -9)
    /// alpha = 1 - t, sigma = t (Liu et al., arXiv:2209.03003). Sampling times are moved to
    /// t' = shift t / (1 + (shift - 1) t) (Esser et al., arXiv:2403.03206, equation 23).
    case rectifiedFlow(shift: Double = 1)
  }

  public var curve: Curve
  /// T. Discrete curves have this many times, 0 ..< T. A rectified flow is continuous: T is the number of its timesteps
  /// t T, and the largest number of sampling steps.
  public var trainTimesteps: Int
  /// Rescales a discrete curve so that nothing of the signal is left at T - 1 (Lin et al., arXiv:2305.08891,
  /// algorithm 1). A rectified flow has that property by construction and ignores this.
  public var zeroTerminalSNR: Bool

  public init(_ curve: Curve, trainTimesteps: Int = 1000, zeroTerminalSNR: Bool = false) {
    self.curve = curve
    self.trainTimesteps = trainTimesteps
    self.zeroTerminalSNR = zeroTerminalSNR
  }

  /// The family of paths the curve belongs to.
  public var path: NoisePath {
    if case .rectifiedFlow = curve { .rectifiedFlow } else { .variancePreserving }
  }

  /// - Throws: `DiffusionError.invalidSchedule` if a parameter is outside its range.
  public func validate() throws(DiffusionError) {
    func require(_ condition: Bool, _ reason: String) throws(DiffusionError) {
      guard condition else { throw .invalidSchedule(reason: reason) }
    }
    try require(
      (2...Self.maximumTrainTimesteps).contains(trainTimesteps),
      "trainTimesteps is \(trainTimesteps): give 2 to \(Self.maximumTrainTimesteps)")
    switch curve {
    case .linear(let start, let end), .scaledLinear(let start, let end), .sigmoid(let start, let end):
      try require(
        start >= 1e-12 && start <= end && end < 1,
        "betas run from \(start) to \(end): give 1e-12 <= betaStart <= betaEnd < 1")
    case .cosine(let offset, let maximumBeta):
      try require(offset >= 0 && offset <= 1, "the cosine's offset is \(offset): give 0 to 1")
      try require(maximumBeta > 0 && maximumBeta < 1, "maximumBeta is \(maximumBeta): give a value between 0 and 1")
    case .sigmoidLogSNR(let maximum, let minimum):
      try require(
        minimum < maximum && abs(minimum) <= 30 && abs(maximum) <= 30,
        "log SNR runs from \(maximum) to \(minimum): give a falling range within -30 to 30")
    case .rectifiedFlow(let shift):
      try require(shift > 0 && shift.isFinite, "shift is \(shift): give a positive number")
    }
  }

  static let maximumTrainTimesteps = 1_000_000
}

extension NoiseSchedule: Codable {
  private enum Key: String, CodingKey {
    case type, trainTimesteps, zeroTerminalSNR, betaStart, betaEnd, offset, maximumBeta
    case maximumLogSNR, minimumLogSNR, shift
  }

  private enum Name: String, Codable, CaseIterable {
    case linear, scaledLinear, cosine, sigmoid, sigmoidLogSNR, rectifiedFlow
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func number(_ key: Key, default value: Double) throws -> Double {
      try values.decodeIfPresent(Double.self, forKey: key) ?? value
    }
    let curve: Curve =
      switch try values.decode(Name.self, forKey: .type) {
      case .linear:
        .linear(
          betaStart: try number(.betaStart, default: 1e-4), betaEnd: try number(.betaEnd, default: 0.02))
      case .scaledLinear:
        .scaledLinear(
          betaStart: try number(.betaStart, default: 0.00085), betaEnd: try number(.betaEnd, default: 0.012))
      case .cosine:
        .cosine(
          offset: try number(.offset, default: 0.008), maximumBeta: try number(.maximumBeta, default: 0.999))
      case .sigmoid:
        .sigmoid(
          betaStart: try number(.betaStart, default: 1e-4), betaEnd: try number(.betaEnd, default: 0.02))
      case .sigmoidLogSNR:
        .sigmoidLogSNR(
          maximum: try number(.maximumLogSNR, default: 9), minimum: try number(.minimumLogSNR, default: -9))
      case .rectifiedFlow:
        .rectifiedFlow(shift: try number(.shift, default: 1))
      }
    self.init(
      curve,
      trainTimesteps: try values.decodeIfPresent(Int.self, forKey: .trainTimesteps) ?? 1000,
      zeroTerminalSNR: try values.decodeIfPresent(Bool.self, forKey: .zeroTerminalSNR) ?? false)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(trainTimesteps, forKey: .trainTimesteps)
    func encodeBetas(_ name: Name, _ start: Double, _ end: Double) throws {
      try values.encode(name, forKey: .type)
      try values.encode(start, forKey: .betaStart)
      try values.encode(end, forKey: .betaEnd)
    }
    switch curve {
    case .linear(let start, let end): try encodeBetas(.linear, start, end)
    case .scaledLinear(let start, let end): try encodeBetas(.scaledLinear, start, end)
    case .sigmoid(let start, let end): try encodeBetas(.sigmoid, start, end)
    case .cosine(let offset, let maximumBeta):
      try values.encode(Name.cosine, forKey: .type)
      try values.encode(offset, forKey: .offset)
      try values.encode(maximumBeta, forKey: .maximumBeta)
    case .sigmoidLogSNR(let maximum, let minimum):
      try values.encode(Name.sigmoidLogSNR, forKey: .type)
      try values.encode(maximum, forKey: .maximumLogSNR)
      try values.encode(minimum, forKey: .minimumLogSNR)
    case .rectifiedFlow(let shift):
      try values.encode(Name.rectifiedFlow, forKey: .type)
      try values.encode(shift, forKey: .shift)
    }
    if path == .variancePreserving { try values.encode(zeroTerminalSNR, forKey: .zeroTerminalSNR) }
  }
}
