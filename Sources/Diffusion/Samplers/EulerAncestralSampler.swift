import Torch

/// Euler's method to less noise than wanted, then fresh noise up to it (k-diffusion's `sample_euler_ancestral`).
///
/// With noise levels u = sigma / alpha, the fresh part is u_s sqrt(1 - (u_s / u_t)^2), which is the standard deviation
/// of the posterior: the update is that of DDIM with eta 1, at Euler's times.
public struct EulerAncestralSampler: Sampler {
  public init() {}

  public var convention: TimestepConvention { .noiseLevels }
  public var drawsNoise: Bool { true }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    try implicitStep(state, eta: 1, noise: noise, denoiser: denoiser)
  }
}
