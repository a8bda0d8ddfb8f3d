import Foundation
import Torch

/// DPM-Solver++(2M), the second-order multistep solver on x_0 (Lu et al., arXiv:2211.01095, algorithm 2).
public struct DPMSolverSampler: Sampler {
  public var options: DPMSolverOptions

  public init(options: DPMSolverOptions = .init()) {
    self.options = options
  }

  public var convention: TimestepConvention { .logSNR }
  public var drawsNoise: Bool { false }

  /// Takes one step.
  ///
  /// - Throws: what ``Sampler/step(_:noise:denoiser:)`` says.
  public func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState {
    let step = try state.nextStep()
    let x = state.sample
    let clean = try DenoisedEstimate(at: step.from, of: x, plan: state.plan, denoiser: denoiser).clean
    // The update of algorithm 2 with exp(-h) as `decay`: x_s = sigma_s / sigma_t x - alpha_s (exp(-h) - 1) D, where D
    // is x_0 carried forward along its change over the step before.
    let whole = step.to.alpha * (1 - step.decay)
    var next = try combination((step.to.sigma / step.from.sigma, x), (whole, clean))
    if let change = try options.change(of: clean, in: state) {
      let weight =
        switch options.solver {
        case .midpoint: whole / 2
        case .heun: step.to.alpha * (1 - meanDecay(step.growth))
        }
      next = try combination((1, next), (weight, change))
    }
    return state.advanced(to: next, denoised: clean)
  }
}

/// Choices that both DPM-Solver++ samplers have. The defaults are those of diffusers.
public struct DPMSolverOptions: Sendable, Hashable, Codable {
  /// How the change of x_0 over a step enters.
  public enum Solver: String, Sendable, Codable {
    /// At its middle.
    case midpoint
    /// Integrated exactly over the step.
    case heun
  }

  public var solver: Solver
  /// Takes the last step in first order if there are fewer than 15. (It always is if it ends without noise.)
  public var lowerOrderFinal: Bool
  /// Takes the last step in first order, however many there are.
  public var eulerAtFinal: Bool

  public init(solver: Solver = .midpoint, lowerOrderFinal: Bool = true, eulerAtFinal: Bool = false) {
    self.solver = solver
    self.lowerOrderFinal = lowerOrderFinal
    self.eulerAtFinal = eulerAtFinal
  }

  /// The change of x_0 over the coming step, from that over the last one: (h / h_last) (x_0 - x_0 last).
  /// nil if the step is to be taken in first order.
  func change(of clean: Tensor, in state: SamplerState) throws -> Tensor? {
    guard let last = state.denoised, state.stepsTaken > 0 else { return nil }
    let steps = state.plan.steps
    let step = steps[state.stepsTaken]
    if step.to.sigma == 0 { return nil }
    if step.index == steps.count - 1, eulerAtFinal || (lowerOrderFinal && steps.count < 15) { return nil }
    // 0 after a step that started in pure noise: h is then infinite.
    let ratio = step.growth / steps[state.stepsTaken - 1].growth
    return try (clean - last) * ratio
  }
}

extension SamplingPlan.Step {
  /// h, the growth of lambda over the step.
  var growth: Double { -log(decay) }
}

/// The mean of exp(-u) for u in 0 ... h: (1 - exp(-h)) / h.
func meanDecay(_ h: Double) -> Double {
  h == 0 ? 1 : -expm1(-h) / h
}
