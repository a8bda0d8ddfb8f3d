import Torch

/// The clean sample and the noise in x_t by one evaluation of the network.
struct DenoisedEstimate {
  let clean: Tensor
  let noise: Tensor

  /// - Parameter consistent: whether, after clipping, the noise is what is left of x_t beside the clipped sample.
  ///   Otherwise it is as the network predicted it, as in diffusers' DDIM.
  init(
    at time: SampleTime, of x_t: Tensor, plan: SamplingPlan, consistent: Bool = false, denoiser: Denoiser
  ) throws {
    let output = try denoiser(x_t, time).to(x_t.dtype)
    let toClean = try plan.prediction.cleanCoefficients(at: time)
    let clean = try combination((toClean.noisy, x_t), (toClean.output, output))
    guard let clip = plan.clipSample else {
      self.clean = clean
      self.noise = try Self.noise(in: x_t, output: output, time: time, plan: plan)
      return
    }
    self.clean = try clean.clamp(min: -clip, max: clip)
    self.noise =
      consistent
      ? try combination((1 / time.sigma, x_t), (-time.alpha / time.sigma, self.clean))
      : try Self.noise(in: x_t, output: output, time: time, plan: plan)
  }

  private static func noise(in x_t: Tensor, output: Tensor, time: SampleTime, plan: SamplingPlan) throws -> Tensor {
    let coefficients = try plan.prediction.noiseCoefficients(at: time)
    return try combination((coefficients.noisy, x_t), (coefficients.output, output))
  }

  /// The sample that the same signal and noise make at another time, its noise as strong as `sigma`.
  func sample(alpha: Double, sigma: Double) throws -> Tensor {
    try combination((alpha, clean), (sigma, noise))
  }
}

/// The sum of coefficient times tensor. Terms with coefficient 0 are left out, so that they cannot bring in a NaN.
func combination(_ terms: (Double, Tensor)...) throws -> Tensor {
  var sum: Tensor?
  for (coefficient, tensor) in terms where coefficient != 0 {
    let term = coefficient == 1 ? tensor : try tensor * coefficient
    sum = if let total = sum { try total + term } else { term }
  }
  return if let sum { sum } else { try terms[0].1.zerosLike() }
}

extension SamplingPlan.Step {
  /// exp(-h), where h is the growth of lambda over the step: (alpha_t sigma_s) / (alpha_s sigma_t) for a step from t
  /// to s. 0 if the step starts in pure noise or ends without noise.
  var decay: Double { (from.alpha * to.sigma) / (to.alpha * from.sigma) }

  /// 1 - exp(-2h), the part of the noise at the end of the step that a fully stochastic step draws anew.
  var renewal: Double { max(0, 1 - decay * decay) }
}
