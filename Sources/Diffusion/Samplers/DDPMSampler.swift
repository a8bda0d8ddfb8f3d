import Torch

/// Ancestral sampling from the posterior q(x_s | x_t, x_0) (Ho et al., arXiv:2006.11239).
public struct DDPMSampler: Sampler {
  /// The variance of the noise of each step, the two choices of section 3.2 of the paper.
  public enum Variance: String, Sendable, Codable {
    /// Of the posterior, betaTilde_t (equation 7): right for data at one point.
    case small
    /// Of the forward step, beta_t: right for data that is itself standard normal.
    case large
  }

  public var variance: Variance

  public init(variance: Variance = .small) {
    self.variance = variance
  }

  public var convention: TimestepConvention { .chain() }
  public var drawsNoise: Bool { true }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    let step = try state.nextStep()
    let x = state.sample
    let estimate = try DenoisedEstimate(at: step.from, of: x, plan: state.plan, denoiser: denoiser)
    // Equation 7 for any alpha and sigma (Kingma et al., arXiv:2107.00630, appendix A).
    let keep = step.decay * step.to.sigma / step.from.sigma
    let mean = try combination((keep, x), (step.to.alpha * step.renewal, estimate.clean))
    // The last step ends in the mean.
    guard step.to.sigma > 0 else { return state.advanced(to: mean, denoised: estimate.clean) }
    let level =
      switch variance {
      case .small: step.to.sigma
      case .large: step.from.sigma
      }
    let fresh = try required(noise, like: x)
    let next = try combination((1, mean), (level * step.renewal.squareRoot(), fresh))
    return state.advanced(to: next, denoised: estimate.clean)
  }
}
