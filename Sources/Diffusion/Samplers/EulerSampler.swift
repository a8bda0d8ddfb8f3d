import Torch

/// Euler's method on the probability flow (Karras et al., arXiv:2206.00364, algorithm 1 without its second half).
///
/// In the coordinates of `NoisePath.scale` the flow's derivative at x_t is epsilon + drift x_0, and following it in a
/// straight line arrives at alpha_s x_0 + sigma_s epsilon on either family of paths: the update of DDIM without noise.
/// The two samplers differ in where they place their times. On a rectified flow this is x + (s - t) velocity.
public struct EulerSampler: Sampler {
  public init() {}

  public var convention: TimestepConvention { .noiseLevels }
  public var drawsNoise: Bool { false }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    try implicitStep(state, eta: 0, noise: nil, denoiser: denoiser)
  }
}
