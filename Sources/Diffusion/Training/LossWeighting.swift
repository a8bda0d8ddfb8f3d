import Foundation

/// How much the error at each time counts.
///
/// Written as `{"type": "uniform"}`, `{"type": "minSNR", "gamma": 5}` or `{"type": "p2", "gamma": 1, "k": 1}`.
public enum LossWeighting: Sendable, Hashable {
  /// The mean squared error of the network's output, as it is.
  case uniform
  /// The error of x_0 counts min(SNR, gamma) (Hang et al., arXiv:2303.09556, min-SNR-gamma).
  case minSNR(gamma: Double = 5)
  /// The error of the noise counts 1 / (k + SNR)^gamma: less where little noise is left and details alone are learned
  /// (Choi et al., arXiv:2204.00227, section 3.2).
  case p2(gamma: Double = 1, k: Double = 1)

  /// The weight of the squared error of the network's output.
  ///
  /// At a given x_t, an error d of x_0 is an error of (determinant / sigma) d in the output, so the paper's weights for
  /// noise prediction, min(SNR, gamma) / SNR, and for v, min(SNR, gamma) / (SNR + 1), and that for flow, are one
  /// expression.
  public func weight(at time: SampleTime, prediction: PredictionType) -> Double {
    switch self {
    case .uniform:
      return 1
    case .minSNR(let gamma):
      let determinant = prediction.determinant(at: time)
      // SNR sigma^2 is alpha^2, which stays finite if there is no noise.
      let clipped = min(time.alpha * time.alpha, gamma * time.sigma * time.sigma)
      // Noise prediction without signal: the limit of alpha^2 / alpha^2.
      return determinant == 0 ? 1 : clipped / (determinant * determinant)
    case .p2(let gamma, let k):
      let (signal, noise) = (time.alpha * time.alpha, time.sigma * time.sigma)
      // An error d of the noise is an error of (determinant / alpha) d in the output, and of d where noise is predicted.
      let determinant = prediction.determinant(at: time)
      let ratio = determinant == 0 ? 1 : time.alpha / determinant
      return pow(noise / (k * noise + signal), gamma) * ratio * ratio
    }
  }
}

extension LossWeighting: Codable {
  private enum Key: String, CodingKey { case type, gamma, k }
  private enum Name: String, Codable, CaseIterable { case uniform, minSNR, p2 }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self =
      switch try values.decode(Name.self, forKey: .type) {
      case .uniform: .uniform
      case .minSNR: .minSNR(gamma: try values.decodeIfPresent(Double.self, forKey: .gamma) ?? 5)
      case .p2:
        .p2(
          gamma: try values.decodeIfPresent(Double.self, forKey: .gamma) ?? 1,
          k: try values.decodeIfPresent(Double.self, forKey: .k) ?? 1)
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    switch self {
    case .uniform:
      try values.encode(Name.uniform, forKey: .type)
    case .minSNR(let gamma):
      try values.encode(Name.minSNR, forKey: .type)
      try values.encode(gamma, forKey: .gamma)
    case .p2(let gamma, let k):
      try values.encode(Name.p2, forKey: .type)
      try values.encode(gamma, forKey: .gamma)
      try values.encode(k, forKey: .k)
    }
  }
}
