import Torch

/// Heun's second-order method on the probability flow (Karras et al., arXiv:2206.00364, algorithm 1).
///
/// Two evaluations a step, one in the last: n steps cost 2n - 1.
public struct HeunSampler: Sampler {
  public init() {}

  public var convention: TimestepConvention { .noiseLevels }
  public var drawsNoise: Bool { false }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    let step = try state.nextStep()
    let plan = state.plan
    let first = try DenoisedEstimate(at: step.from, of: state.sample, plan: plan, consistent: true, denoiser: denoiser)
    let euler = try first.sample(alpha: step.to.alpha, sigma: step.to.sigma)
    // Without noise the slope is a limit that no call of the network gives.
    guard step.to.sigma > 0 else { return state.advanced(to: euler, denoised: first.clean) }

    let second = try DenoisedEstimate(at: step.to, of: euler, plan: plan, consistent: true, denoiser: denoiser)
    // Half of the change of slope over the step, in the coordinates of `NoisePath.scale`. The large terms, which are
    // alike in both slopes, are in Euler's result already: float32 keeps its digits.
    let scale = plan.path.scale(at: step.to)
    let length = step.to.sigma / scale - step.from.sigma / plan.path.scale(at: step.from)
    let weight = scale * length / 2
    let drift = weight * plan.path.drift
    let next = try combination(
      (1, euler), (weight, try second.noise - first.noise), (drift, try second.clean - first.clean))
    return state.advanced(to: next, denoised: second.clean)
  }
}
