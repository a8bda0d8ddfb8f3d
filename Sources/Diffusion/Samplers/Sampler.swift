import Torch

/// Evaluates the network: the noisy sample and its time in, the network's raw output out, in the sample's shape.
///
/// What the output means is the plan's `PredictionType`; the samplers convert it. The network is given
/// `SchedulerConfiguration.networkTime(time)`.
public typealias Denoiser = (_ x_t: Tensor, _ time: SampleTime) throws -> Tensor

/// A way to go from noise to data, one step at a time.
///
/// A step maps a state to the next and keeps nothing, so the caller has the loop: it shows progress and the
/// preview `SamplerState.denoised`, and stops between any two steps. Coefficients are computed in double precision;
/// tensors keep the type that the initial noise has, `float32` or `float64`.
public protocol Sampler: Sendable {
  /// Where this sampler places its times.
  var convention: TimestepConvention { get }

  /// Whether `step` needs a noise source.
  var drawsNoise: Bool { get }

  /// The state after one more step.
  ///
  /// - Throws: `DiffusionError.samplingFinished` after the last step, `samplerNeedsNoise` without a source,
  ///   `undeterminedPrediction` if the prediction does not determine the sample, and what `denoiser` throws.
  func step(_ state: SamplerState, noise: NoiseSource?, denoiser: Denoiser) throws -> SamplerState
}

extension Sampler {
  /// Takes all steps of a plan.
  ///
  /// - Parameters:
  ///   - state: where to start, usually `SamplerState(plan:noise:)`.
  ///   - noise: the fresh noise of stochastic samplers.
  ///   - observe: called after each step; throwing from it ends the run.
  /// - Returns: the sample after the last step.
  /// - Throws: what `step`, `observe` and `denoiser` throw.
  public func sample(
    from state: SamplerState, noise: NoiseSource? = nil, observe: (SamplerState) throws -> Void = { _ in },
    denoiser: Denoiser
  ) throws -> Tensor {
    var state = state
    while !state.isFinished {
      state = try step(state, noise: noise, denoiser: denoiser)
      try observe(state)
    }
    return state.sample
  }
}

/// Where a sampler is on its way.
public struct SamplerState {
  public let plan: SamplingPlan
  /// How many steps have been taken.
  public let stepsTaken: Int
  /// x_t at the end of the last step taken.
  public let sample: Tensor
  /// The clean sample as the last step estimated it: a preview, and the memory of multistep solvers. nil before the
  /// first step.
  public let denoised: Tensor?

  /// The state before the first step: pure noise at the plan's scale.
  ///
  /// - Parameter noise: standard normal, of the sample's shape.
  /// - Throws: `TorchError` if memory runs out.
  public init(plan: SamplingPlan, noise: Tensor) throws {
    let sample = plan.initialNoiseScale == 1 ? noise : try noise * plan.initialNoiseScale
    self.init(plan: plan, stepsTaken: 0, sample: sample, denoised: nil)
  }

  init(plan: SamplingPlan, stepsTaken: Int, sample: Tensor, denoised: Tensor?) {
    self.plan = plan
    self.stepsTaken = stepsTaken
    self.sample = sample
    self.denoised = denoised
  }

  public var isFinished: Bool { stepsTaken >= plan.steps.count }

  /// The step that comes next.
  func nextStep() throws(DiffusionError) -> SamplingPlan.Step {
    guard !isFinished else { throw .samplingFinished(steps: plan.steps.count) }
    return plan.steps[stepsTaken]
  }

  func advanced(to sample: Tensor, denoised: Tensor) -> SamplerState {
    SamplerState(plan: plan, stepsTaken: stepsTaken + 1, sample: sample, denoised: denoised)
  }
}
