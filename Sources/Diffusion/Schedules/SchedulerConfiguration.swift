/// Everything about diffusion that a model is bound to: the part of `model.json` under `scheduler`.
///
/// The defaults are those of diffusers' DDIM scheduler, except that nothing is clipped, because latents have no range.
public struct SchedulerConfiguration: Sendable, Hashable, Codable {
  public var schedule: NoiseSchedule
  /// What the network was trained to predict.
  public var prediction: PredictionType
  /// What the network is given as the time; nil for what its schedule implies: t on a rectified flow, the training
  /// timestep on a discrete schedule. See ``networkTime(_:)``.
  public var time: NetworkTime?
  /// How the steps of a sampler are placed among the training timesteps.
  public var spacing: TimestepSpacing
  /// Added to every timestep of leading spacing (Stable Diffusion: 1).
  public var stepsOffset: Int
  /// The noise that is left after the last step.
  public var finalNoise: FinalNoise
  /// Predicted clean samples are clamped to -clipSample ... clipSample; nil leaves them alone.
  public var clipSample: Double?

  public init(
    schedule: NoiseSchedule,
    prediction: PredictionType,
    time: NetworkTime? = nil,
    spacing: TimestepSpacing = .leading,
    stepsOffset: Int = 0,
    finalNoise: FinalNoise = .zero,
    clipSample: Double? = nil
  ) {
    self.schedule = schedule
    self.prediction = prediction
    self.time = time
    self.spacing = spacing
    self.stepsOffset = stepsOffset
    self.finalNoise = finalNoise
    self.clipSample = clipSample
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      schedule: try values.decode(NoiseSchedule.self, forKey: .schedule),
      prediction: try values.decode(PredictionType.self, forKey: .prediction),
      time: try values.decodeIfPresent(NetworkTime.self, forKey: .time),
      spacing: try values.decodeIfPresent(TimestepSpacing.self, forKey: .spacing) ?? .leading,
      stepsOffset: try values.decodeIfPresent(Int.self, forKey: .stepsOffset) ?? 0,
      finalNoise: try values.decodeIfPresent(FinalNoise.self, forKey: .finalNoise) ?? .zero,
      clipSample: try values.decodeIfPresent(Double.self, forKey: .clipSample))
  }

  /// The article's and its released code's: 1000 steps, linear betas from 1e-4 to 0.02, noise prediction.
  public static let ddpmLinear = SchedulerConfiguration(schedule: .init(.linear()), prediction: .epsilon)

  /// A rectified flow whose network predicts the velocity, sampled at equal steps from t = 1.
  public static let rectifiedFlow = SchedulerConfiguration(
    schedule: .init(.rectifiedFlow()), prediction: .flow, spacing: .trailing)

  /// Holds every value to its range.
  ///
  /// - Throws: `DiffusionError.invalidSchedule` or `invalidSetting`, for the first value outside its range.
  public func validate() throws(DiffusionError) {
    try schedule.validate()
    if case .scaledFlow(let scale) = time, !(scale > 0 && scale.isFinite) {
      throw .invalidSetting(name: "the scale of the network's time", value: scale, allowed: "a positive number")
    }
    if !(0..<schedule.trainTimesteps).contains(stepsOffset) {
      throw .invalidSetting(
        name: "stepsOffset", value: Double(stepsOffset), allowed: "0 to \(schedule.trainTimesteps - 1)")
    }
    if let clipSample, !(clipSample > 0 && clipSample.isFinite) {
      throw .invalidSetting(name: "clipSample", value: clipSample, allowed: "a positive number or leave it out")
    }
  }
}

/// How n sampling steps are placed among T training timesteps (Lin et al., arXiv:2305.08891, table 2).
public enum TimestepSpacing: String, Sendable, Codable, CaseIterable {
  /// Multiples of T / n rounded down, from 0: the last training timestep is not visited.
  /// On a rectified flow, t from 1 - 1/T in n equal steps to 0.
  case leading
  /// Equal distances with both ends, 0 and T - 1, included.
  /// On a rectified flow, t from 1 to 1/T, then 0.
  case linspace
  /// Multiples of T / n down from T - 1: starts in pure noise.
  /// On a rectified flow, t from 1 in n equal steps to 0.
  case trailing
}

/// The noise left after the last step.
public enum FinalNoise: String, Sendable, Codable, CaseIterable {
  /// None (diffusers: `set_alpha_to_one`, `final_sigmas_type="zero"`).
  case zero
  /// As much as at training timestep 0 (diffusers: `set_alpha_to_one=False`, `final_sigmas_type="sigma_min"`).
  /// A rectified flow has none at its end, and ignores this.
  case smallest
}
