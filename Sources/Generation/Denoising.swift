import Diffusion
import RadiographModels
import Torch

// C channels, H height, W width, B batch: one image, or two rows with guidance, first no text and then the prompt

/// Everything of a prompt and a schedule that does not depend on the noise: made once, used for every image and step.
struct Denoising {
  let model: LoadedModel
  let plan: SamplingPlan
  private let sampler: any Sampler
  private let guidance: ClassifierFreeGuidance
  /// The prompt alone; nil where guidance acts at every time.
  private let single: Conditioning?
  /// No text (or the negative prompt) and the prompt, in one batch; nil without guidance.
  private let pair: Conditioning?

  /// - Parameter negative: What to guide away from; not used when guidance is 1.
  init(model: LoadedModel, sampling: SamplingDefaults, positive: TextCondition, negative: TextCondition?) throws {
    self.model = model
    let guidance = try sampling.classifierFreeGuidance()
    self.guidance = guidance
    sampler = try sampling.sampler.makeSampler(eta: sampling.eta)
    let plan = try DiffusionProcess(model.description.scheduler).plan(
      steps: sampling.steps, convention: sampler.convention)
    self.plan = plan
    // A sampler of second order evaluates the network at the end of a step too; nobody does so where it is clean.
    let visited = sampling.sampler == .heun ? plan.steps.flatMap { [$0.from, $0.to] } : plan.steps.map(\.from)
    var seen: Set<SampleTime> = []
    let times = visited.filter { ($0.sigma > 0 || $0 == plan.steps.first?.from) && seen.insert($0).inserted }
    let guided = times.filter(guidance.isActive(at:))
    let unguided = times.filter { !guidance.isActive(at: $0) }
    pair = try negative.flatMap { negative in
      guided.isEmpty
        ? nil : try Conditioning(model: model, text: .concatenated([negative, positive]), rows: 2, times: guided)
    }
    single = unguided.isEmpty ? nil : try Conditioning(model: model, text: positive, rows: 1, times: unguided)
  }

  /// From noise to latents, calling `observe` after each step; throwing from it ends the run.
  ///
  /// - Parameters:
  ///   - generator: Gives the initial noise and the fresh noise of stochastic samplers.
  ///   - initialLatents_1CHW: What to start from in place of noise.
  func sample(
    generator: Generator, initialLatents_1CHW: Tensor?, observe: (SamplerState) throws -> Void
  ) throws -> Tensor {
    let noise_1CHW =
      try initialLatents_1CHW
      ?? Tensor.randn([1] + model.description.latentShape, generator: generator).to(model.device)
    return try sampler.sample(
      from: SamplerState(plan: plan, noise: noise_1CHW), noise: .generators([generator]), observe: observe,
      denoiser: guidance.denoiser(
        conditional: { try predict($0, at: $1, single) }, pair: { try predict($0, at: $1, pair) }))
  }

  private func predict(_ latent_BCHW: Tensor, at time: SampleTime, _ conditioning: Conditioning?) throws -> Tensor {
    guard let conditioning, let timeConditioning = conditioning.times[time] else {
      throw DiffusionError.timestepOutOfRange(timestep: time.timestep, maximum: plan.steps.first?.from.timestep ?? 0)
    }
    let input_BCHW = try latent_BCHW.to(model.dtype).contiguous(memoryFormat: .channelsLast)
    return try model.unet(input_BCHW, timeConditioning, conditioning.context).to(latent_BCHW.dtype)
  }

  /// What the network is told beside the latent.
  private struct Conditioning {
    /// Keys and values of every cross-attention.
    let context: ContextConditioning
    /// What each time of the schedule says to every block.
    let times: [SampleTime: TimeConditioning]

    init(model: LoadedModel, text: TextCondition, rows: Int, times: [SampleTime]) throws {
      context = try model.unet.contextConditioning(text)
      let conditionings = try model.unet.timeConditionings(
        at: times.map(model.description.scheduler.networkTime), batch: rows, pooled_BE: text.pooled_BE)
      self.times = Dictionary(uniqueKeysWithValues: zip(times, conditionings))
    }
  }
}
