/// What the network's output means.
///
/// Every type is a fixed mixture of the noise and the clean sample, output = p epsilon + q x_0. Together with
/// x_t = alpha x_0 + sigma epsilon that is a two-by-two linear system, so each conversion below is its solution
/// and holds on every path, also if alpha^2 + sigma^2 is not 1.
public enum PredictionType: String, Sendable, Codable, CaseIterable {
  /// The noise (Ho et al., arXiv:2006.11239).
  case epsilon
  /// The clean sample x_0.
  case sample
  /// v = alpha epsilon - sigma x_0 (Salimans and Ho, arXiv:2202.00512, appendix D).
  case velocity = "v"
  /// The velocity of a rectified flow, epsilon - x_0 (Liu et al., arXiv:2209.03003).
  case flow

  /// p and q of output = p epsilon + q x_0.
  public func mixture(at time: SampleTime) -> (noise: Double, clean: Double) {
    switch self {
    case .epsilon: (1, 0)
    case .sample: (0, 1)
    case .velocity: (time.alpha, -time.sigma)
    case .flow: (1, -1)
    }
  }

  /// alpha p - sigma q: how firmly x_t and the output together determine the clean sample; 0 if they do not.
  func determinant(at time: SampleTime) -> Double {
    let mixture = mixture(at: time)
    return time.alpha * mixture.noise - time.sigma * mixture.clean
  }

  /// a and b of x_0 = a x_t + b output.
  ///
  /// - Throws: `DiffusionError.undeterminedPrediction` if the two do not determine it: noise predicted at alpha = 0.
  public func cleanCoefficients(at time: SampleTime) throws(DiffusionError) -> (noisy: Double, output: Double) {
    if self == .sample { return (0, 1) }
    let determinant = determinant(at: time)
    guard determinant != 0 else { throw .undeterminedPrediction(self, timestep: time.timestep) }
    return (mixture(at: time).noise / determinant, -time.sigma / determinant)
  }

  /// a and b of epsilon = a x_t + b output.
  ///
  /// - Throws: `DiffusionError.undeterminedPrediction` if the two do not determine it: the sample predicted at sigma = 0.
  public func noiseCoefficients(at time: SampleTime) throws(DiffusionError) -> (noisy: Double, output: Double) {
    if self == .epsilon { return (0, 1) }
    let determinant = determinant(at: time)
    guard determinant != 0 else { throw .undeterminedPrediction(self, timestep: time.timestep) }
    return (-mixture(at: time).clean / determinant, time.alpha / determinant)
  }
}
