/// The number that a network is given for the time of a noisy sample.
///
/// Written as `{"type": "timestep"}`, `{"type": "flow"}` or `{"type": "scaledFlow", "scale": 1000}`.
public enum NetworkTime: Sendable, Hashable {
  /// The training timestep, 0 ... T - 1 on a discrete schedule and 0 ... T on a rectified flow (Ho et al.,
  /// arXiv:2006.11239).
  case timestep
  /// The time t of a rectified flow, 0 (clean) ... 1 (noise); on a discrete schedule, `SampleTime.flowTime`.
  case flow
  /// t times a scale, as networks take it that were trained on timesteps (Stable Diffusion 3: 1000).
  case scaledFlow(scale: Double = 1000)
}

extension SchedulerConfiguration {
  /// The number that the network is given at `time`, in training as in sampling: by `time`, or else by the schedule.
  public func networkTime(_ sampleTime: SampleTime) -> Double {
    // On a rectified flow alpha + sigma is 1, and sigma is t without a rounding.
    let t = schedule.path == .rectifiedFlow ? sampleTime.sigma : sampleTime.flowTime
    switch time ?? (schedule.path == .rectifiedFlow ? .flow : .timestep) {
    case .timestep: return sampleTime.timestep
    case .flow: return t
    case .scaledFlow(let scale): return scale * t
    }
  }
}

extension NetworkTime: Codable {
  private enum Key: String, CodingKey { case type, scale }
  private enum Name: String, Codable, CaseIterable { case timestep, flow, scaledFlow }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self =
      switch try values.decode(Name.self, forKey: .type) {
      case .timestep: .timestep
      case .flow: .flow
      case .scaledFlow: .scaledFlow(scale: try values.decodeIfPresent(Double.self, forKey: .scale) ?? 1000)
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    switch self {
    case .timestep: try values.encode(Name.timestep, forKey: .type)
    case .flow: try values.encode(Name.flow, forKey: .type)
    case .scaledFlow(let scale):
      try values.encode(Name.scaledFlow, forKey: .type)
      try values.encode(scale, forKey: .scale)
    }
  }
}
