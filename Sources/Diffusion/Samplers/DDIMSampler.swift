import Torch

/// Denoising diffusion implicit models (Song et al., arXiv:2010.02502).
public struct DDIMSampler: Sampler {
  /// 0 draws no noise and is deterministic; 1 draws as much as DDPM does. Any value in ``etaRange``.
  public let eta: Double
  /// The values that `eta` may have.
  public static let etaRange = 0.0...1.0
  /// Ends each step T / n before its start, as diffusers does, even if the next step starts elsewhere.
  public let usesFixedStride: Bool

  /// - Throws: `DiffusionError.invalidSetting` for an eta outside its range.
  public init(eta: Double = 0, usesFixedStride: Bool = false) throws(DiffusionError) {
    guard Self.etaRange.contains(eta) else { throw .invalidSetting(name: "eta", value: eta, allowed: "0 to 1") }
    self.eta = eta
    self.usesFixedStride = usesFixedStride
  }

  public var convention: TimestepConvention { .chain(stride: usesFixedStride) }
  public var drawsNoise: Bool { eta > 0 }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    try implicitStep(state, eta: eta, noise: noise, denoiser: denoiser)
  }
}

extension Sampler {
  /// Equation 12: x_s = alpha_s x_0 + sqrt(sigma_s^2 - s^2) epsilon + s z, where s is eta times the standard
  /// deviation of the posterior (equation 16).
  func implicitStep(_ state: SamplerState, eta: Double, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState
  {
    let step = try state.nextStep()
    let x = state.sample
    let estimate = try DenoisedEstimate(at: step.from, of: x, plan: state.plan, denoiser: denoiser)
    let drawn = eta * step.to.sigma * step.renewal.squareRoot()
    let kept = max(0, step.to.sigma * step.to.sigma - drawn * drawn).squareRoot()
    var next = try estimate.sample(alpha: step.to.alpha, sigma: kept)
    if drawn > 0 { next = try combination((1, next), (drawn, try required(noise, like: x))) }
    return state.advanced(to: next, denoised: estimate.clean)
  }
}
