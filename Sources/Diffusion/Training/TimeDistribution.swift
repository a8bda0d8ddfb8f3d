import Torch

/// From which times of diffusion training draws.
///
/// Written as `{"type": "uniform"}` or `{"type": "logitNormal", "mean": 0, "deviation": 1}`.
public enum TimeDistribution: Sendable, Hashable {
  /// All alike.
  case uniform
  /// t = sigmoid(n), n normal: more of the middle (Esser et al., arXiv:2403.03206, equation 19).
  case logitNormal(mean: Double = 0, deviation: Double = 1)

  /// `count` fractions in 0 ..< 1, 0 being clean.
  ///
  /// - Throws: `DiffusionError.invalidSetting` for a deviation that is not positive.
  public func draw(_ count: Int, generator: Generator) throws -> [Double] {
    switch self {
    case .uniform:
      return try Tensor.rand([count], generator: generator, dtype: .float64).doubles()
    case .logitNormal(let mean, let deviation):
      guard mean.isFinite, deviation > 0, deviation.isFinite else {
        throw DiffusionError.invalidSetting(
          name: "the logit-normal distribution's deviation", value: deviation, allowed: "a positive number")
      }
      // Beyond 36 the logistic function rounds to 1, which is past the last timestep.
      return try Tensor.randn([count], generator: generator, dtype: .float64).doubles()
        .map { logistic(min(mean + deviation * $0, 36)) }
    }
  }
}

extension TimeDistribution: Codable {
  private enum Key: String, CodingKey { case type, mean, deviation }
  private enum Name: String, Codable, CaseIterable { case uniform, logitNormal }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self =
      switch try values.decode(Name.self, forKey: .type) {
      case .uniform: .uniform
      case .logitNormal:
        .logitNormal(
          mean: try values.decodeIfPresent(Double.self, forKey: .mean) ?? 0,
          deviation: try values.decodeIfPresent(Double.self, forKey: .deviation) ?? 1)
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    switch self {
    case .uniform:
      try values.encode(Name.uniform, forKey: .type)
    case .logitNormal(let mean, let deviation):
      try values.encode(Name.logitNormal, forKey: .type)
      try values.encode(mean, forKey: .mean)
      try values.encode(deviation, forKey: .deviation)
    }
  }
}
