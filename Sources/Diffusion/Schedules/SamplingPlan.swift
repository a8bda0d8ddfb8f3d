/// The times that a sampler goes through, from noise to data.
public struct SamplingPlan: Sendable, Hashable {
  /// One step: the sample is known at `from` and wanted at `to`.
  public struct Step: Sendable, Hashable {
    public let index: Int
    public let from: SampleTime
    public let to: SampleTime
  }

  public let steps: [Step]
  /// The standard deviation of the sample that the first step starts from.
  public let initialNoiseScale: Double
  public let path: NoisePath
  public let prediction: PredictionType
  public let clipSample: Double?

  init(steps: [Step], initialNoiseScale: Double, configuration: SchedulerConfiguration) {
    self.steps = steps
    self.initialNoiseScale = initialNoiseScale
    self.path = configuration.schedule.path
    self.prediction = configuration.prediction
    self.clipSample = configuration.clipSample
  }

  init(chaining times: [SampleTime], initialNoiseScale: Double, configuration: SchedulerConfiguration) {
    let steps = zip(times, times.dropFirst()).enumerated().map { index, pair in
      Step(index: index, from: pair.0, to: pair.1)
    }
    self.init(steps: steps, initialNoiseScale: initialNoiseScale, configuration: configuration)
  }

  /// The training timestep at the start of each step; a sampler of second order evaluates the network at `to` as well.
  public var timesteps: [Double] { steps.map(\.from.timestep) }
}
