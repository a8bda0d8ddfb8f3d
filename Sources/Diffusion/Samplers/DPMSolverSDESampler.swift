import Torch

/// SDE-DPM-Solver++(2M), the multistep solver of the diffusion SDE (Lu et al., arXiv:2211.01095, the section on fast
/// solvers for diffusion SDEs).
public struct DPMSolverSDESampler: Sampler {
  public var options: DPMSolverOptions

  public init(options: DPMSolverOptions = .init()) {
    self.options = options
  }

  public var convention: TimestepConvention { .logSNR }
  public var drawsNoise: Bool { true }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    let step = try state.nextStep()
    let x = state.sample
    let clean = try DenoisedEstimate(at: step.from, of: x, plan: state.plan, denoiser: denoiser).clean
    // x_s = sigma_s / sigma_t exp(-h) x + alpha_s (1 - exp(-2h)) D + sigma_s sqrt(1 - exp(-2h)) z.
    let whole = step.to.alpha * step.renewal
    var next = try combination((step.to.sigma / step.from.sigma * step.decay, x), (whole, clean))
    if let change = try options.change(of: clean, in: state) {
      let weight =
        switch options.solver {
        case .midpoint: whole / 2
        case .heun: step.to.alpha * (1 - meanDecay(2 * step.growth))
        }
      next = try combination((1, next), (weight, change))
    }
    if step.to.sigma > 0 {
      next = try combination((1, next), (step.to.sigma * step.renewal.squareRoot(), try required(noise, like: x)))
    }
    return state.advanced(to: next, denoised: clean)
  }
}
