/// The samplers, by their names in files and on the command line.
public enum SamplerKind: String, Sendable, Codable, CaseIterable {
  case ddim
  case ddpm
  case dpmSolver = "dpm++"
  case dpmSolverSDE = "dpm++sde"
  case euler
  case eulerAncestral = "euler-ancestral"
  case heun

  /// - Throws: `DiffusionError.unknownSampler`, which lists the known names.
  public init(named name: String) throws(DiffusionError) {
    guard let kind = SamplerKind(rawValue: name) else {
      throw .unknownSampler(name: name, known: Self.allCases.map(\.rawValue))
    }
    self = kind
  }

  /// The sampler with its default settings.
  ///
  /// - Parameter eta: 0 ... 1, used by DDIM alone.
  /// - Throws: `DiffusionError.invalidSetting` for an eta outside its range.
  public func makeSampler(eta: Double = 0) throws(DiffusionError) -> any Sampler {
    switch self {
    case .ddim: try DDIMSampler(eta: eta)
    case .ddpm: DDPMSampler()
    case .dpmSolver: DPMSolverSampler()
    case .dpmSolverSDE: DPMSolverSDESampler()
    case .euler: EulerSampler()
    case .eulerAncestral: EulerAncestralSampler()
    case .heun: HeunSampler()
    }
  }

  /// Whether a step evaluates the network where it ends as well, unless the sample is clean there.
  public var evaluatesEnds: Bool {
    switch self {
    case .ddim, .ddpm, .dpmSolver, .dpmSolverSDE, .euler, .eulerAncestral: false
    case .heun: true
    }
  }

  /// The times at which the steps of a plan evaluate the network, in their order: a time comes once for each call.
  public func evaluationTimes(of plan: SamplingPlan) -> [SampleTime] {
    plan.steps.flatMap { evaluatesEnds && $0.to.sigma > 0 ? [$0.from, $0.to] : [$0.from] }
  }
}
