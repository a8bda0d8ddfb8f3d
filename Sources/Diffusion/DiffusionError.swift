/// What can be wrong with a schedule, a plan or a step. Each text says what is wrong and what to do.
public enum DiffusionError: Error, Equatable, CustomStringConvertible {
  case invalidSchedule(reason: String)
  case invalidSetting(name: String, value: Double, allowed: String)
  case stepsOutOfRange(steps: Int, maximum: Int)
  case unknownSampler(name: String, known: [String])
  case timestepOutOfRange(timestep: Double, maximum: Double)
  case undeterminedPrediction(PredictionType, timestep: Double)
  case samplerNeedsNoise(sampler: String)
  case samplingFinished(steps: Int)
  case batchMismatch(what: String, expected: Int, found: Int)

  public var description: String {
    switch self {
    case .invalidSchedule(let reason):
      "the noise schedule cannot be used: \(reason)"
    case .invalidSetting(let name, let value, let allowed):
      "\(name) is \(value): give \(allowed)"
    case .stepsOutOfRange(let steps, let maximum):
      "\(steps) steps cannot be taken: give 1 to \(maximum)"
    case .unknownSampler(let name, let known):
      "there is no sampler '\(name)': choose one of \(known.joined(separator: ", "))"
    case .timestepOutOfRange(let timestep, let maximum):
      "timestep \(timestep) is outside the schedule: give 0 to \(maximum)"
    case .undeterminedPrediction(let prediction, let timestep):
      "\(prediction.rawValue) prediction says nothing about the sample at timestep \(timestep), where there is no "
        + "signal: use leading spacing, or a model that predicts v, flow or the sample"
    case .samplerNeedsNoise(let sampler):
      "the sampler \(sampler) draws noise at every step: give it a noise source"
    case .samplingFinished(let steps):
      "all \(steps) steps have been taken: start from a new initial state"
    case .batchMismatch(let what, let expected, let found):
      "\(what) for a batch of \(expected) came as \(found): give one for each sample"
    }
  }
}
