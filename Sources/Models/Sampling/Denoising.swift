import Diffusion
import RadiographModels
import Torch

// C channels, H height, W width, B batch: one image; with guidance first what it leads away from, and the prompt last

/// Everything of a prompt and a schedule that does not depend on the noise: made once, used for every image and step.
public struct Denoising {
  public let plan: SamplingPlan
  private let model: LoadedModel
  private let sampler: any Sampler
  private let guidance: ClassifierFreeGuidance
  /// The prompt alone; nil if guidance acts at every time.
  private let single: Conditioned?
  /// What guidance leads away from, and the prompt, in one batch; nil without guidance.
  private let all: Conditioned?
  private let negativeCount: Int

  /// - Parameter negatives: What to guide away from: the mean of what the network makes of each. None, or guidance 1, is no
  ///   guidance.
  /// - Throws: `DiffusionError` for settings outside their ranges; `TorchError`.
  public init(
    model: LoadedModel, sampling: SamplingSettings, positive: TextCondition, negatives: [TextCondition]
  ) throws {
    self.model = model
    let guidance = try negatives.isEmpty ? ClassifierFreeGuidance(scale: 1) : sampling.classifierFreeGuidance()
    self.guidance = guidance
    sampler = try sampling.sampler.makeSampler(eta: sampling.eta)
    let plan = try DiffusionProcess(model.description.scheduler).plan(
      steps: sampling.steps, convention: sampler.convention)
    self.plan = plan
    var seen: Set<SampleTime> = []
    let times = sampling.sampler.evaluationTimes(of: plan).filter { seen.insert($0).inserted }
    let guided = times.filter(guidance.isActive(at:))
    let unguided = times.filter { !guidance.isActive(at: $0) }
    negativeCount = negatives.count
    all =
      guided.isEmpty
      ? nil : try Conditioned(model, on: .concatenated(negatives + [positive]), times: guided)
    single = unguided.isEmpty ? nil : try Conditioned(model, on: positive, times: unguided)
  }

  /// Goes from noise to latents.
  ///
  /// - Parameters:
  ///   - generator: Gives the initial noise and the fresh noise of stochastic samplers.
  ///   - initialLatents_1CHW: What to start from in place of noise.
  ///   - observe: Called after each step; throwing from it ends the run.
  /// - Throws: What `observe` throws; `TorchError`.
  public func sample(
    generator: Generator, initialLatents_1CHW: Tensor? = nil, observe: (SamplerState) throws -> Void = { _ in }
  ) throws -> Tensor {
    let noise_1CHW =
      try initialLatents_1CHW
      ?? Tensor.randn([1] + model.description.latentShape, generator: generator).to(model.device)
    return try sampler.sample(
      from: SamplerState(plan: plan, noise: noise_1CHW), noise: .generators([generator]), observe: observe,
      denoiser: guidance.denoiser(
        conditional: { try predict($0, at: $1, single) }, guided: predictAll))
  }

  /// The network's answers for one latent: to what guidance leads away from, and to the prompt.
  private func predictAll(
    _ latent_1CHW: Tensor, at time: SampleTime
  ) throws -> (negatives: [Tensor], conditional: Tensor) {
    let rows = negativeCount + 1
    let answers = try predict(Tensor.cat([Tensor](repeating: latent_1CHW, count: rows), dim: 0), at: time, all)
      .chunk(chunks: rows, dim: 0)
    guard answers.count == rows else {
      throw DiffusionError.batchMismatch(what: "rows of a guided batch", expected: rows, found: answers.count)
    }
    return (Array(answers.dropLast()), answers[negativeCount])
  }

  private func predict(_ latent_BCHW: Tensor, at time: SampleTime, _ conditioned: Conditioned?) throws -> Tensor {
    guard let conditioned, let index = conditioned.indices[time] else {
      throw DiffusionError.timestepOutOfRange(timestep: time.timestep, maximum: plan.steps.first?.from.timestep ?? 0)
    }
    let input_BCHW = try latent_BCHW.to(model.dtype).contiguous(memoryFormat: .channelsLast)
    return try conditioned.predictor(input_BCHW, timeIndex: index).to(latent_BCHW.dtype)
  }

  /// The network with all that it is given beside the latent.
  private struct Conditioned {
    let predictor: ConditionedPredictor
    /// The place of each time in the list that the predictor was conditioned on.
    let indices: [SampleTime: Int]

    init(_ model: LoadedModel, on text: TextCondition, times: [SampleTime]) throws {
      predictor = try model.predictor.conditioned(on: text, times: times.map(model.description.scheduler.networkTime))
      indices = Dictionary(uniqueKeysWithValues: zip(times, times.indices))
    }
  }
}
