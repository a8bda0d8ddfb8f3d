/// The samplers by the names that users and files know them by.
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

  /// How often n steps evaluate the network.
  public func evaluations(steps: Int) -> Int {
    self == .heun ? 2 * steps - 1 : steps
  }
}
