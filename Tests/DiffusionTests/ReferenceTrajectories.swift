import Foundation
import TensorFiles
import Testing
import Torch

@testable import Diffusion

/// `trajectories.json` and `trajectories.safetensors`, made by `Tools/reference/diffusion.py`.
struct ReferenceTrajectories {
  struct Case: Decodable {
    struct Choice: Decodable {
      var name: SamplerKind
      var eta: Double?
      var variance: String?
      var solver: DPMSolverOptions.Solver?
      var lowerOrderFinal: Bool?
      var eulerAtFinal: Bool?
    }
    var configuration: SchedulerConfiguration
    var sampler: Choice
    var steps: Int
    /// Where its rows begin.
    var row: Int
    /// What the network is given as time in the first, the middle and the last step.
    var timesteps: [Double]
  }

  static let width = 4
  var cases: [Case]
  /// Rows by diffusers in double precision, by diffusers as it is, and the noise given to both.
  var double: [Double]
  var single: [Float]
  var noise: [Double]

  init() throws {
    struct Index: Decodable { var cases: [Case] }
    let index = try Data(contentsOf: Fixtures.folder.appending(path: "trajectories.json"))
    cases = try JSONDecoder().decode(Index.self, from: index).cases
    let file = try SafetensorsFile(path: Fixtures.folder.appending(path: "trajectories.safetensors").path)
    double = try file.tensor("float64").withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
    single = try file.tensor("float32").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    noise = try file.tensor("noise").withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
  }

  func noise(row: Int, dtype: DType) throws -> Tensor {
    let values = Array(noise[row * Self.width..<(row + 1) * Self.width])
    return try Tensor(values, shape: [1, 1, 1, Self.width]).to(dtype)
  }
}

extension ReferenceTrajectories.Case {
  func makeSampler() throws -> any Sampler {
    let options = DPMSolverOptions(
      solver: sampler.solver ?? .midpoint, lowerOrderFinal: sampler.lowerOrderFinal ?? true,
      eulerAtFinal: sampler.eulerAtFinal ?? false)
    return switch sampler.name {
    case .ddim: try DDIMSampler(eta: sampler.eta ?? 0, usesFixedStride: true)
    case .ddpm: DDPMSampler(variance: sampler.variance == "fixed_large" ? .large : .small)
    case .dpmSolver: DPMSolverSampler(options: options)
    case .dpmSolverSDE: DPMSolverSDESampler(options: options)
    case .euler, .eulerAncestral, .heun: try sampler.name.makeSampler()
    }
  }

  /// All states from the initial noise to the end, row by row, as our sampler goes through them.
  func trajectory(dtype: DType, references: ReferenceTrajectories) throws -> (rows: [Double], plan: SamplingPlan) {
    let sampler = try makeSampler()
    let plan = try DiffusionProcess(configuration).plan(steps: steps, convention: sampler.convention)
    var drawn = 0
    let noise = NoiseSource { _ in
      drawn += 1
      return try references.noise(row: drawn, dtype: dtype)
    }
    let start = try SamplerState(plan: plan, noise: references.noise(row: 0, dtype: dtype))
    var rows = try start.sample.doubles()
    _ = try sampler.sample(from: start, noise: noise) { state in
      #expect(state.sample.dtype == dtype)
      rows += try state.sample.doubles()
    } denoiser: { x_t, time in
      try mixtureDenoiser(x_t, time, configuration.prediction)
    }
    return (rows, plan)
  }
}

/// The exact posterior mean for data that is +0.7 or -0.7 with a deviation of 0.4, as a network would say it.
func mixtureDenoiser(_ x_t: Tensor, _ time: SampleTime, _ prediction: PredictionType) throws -> Tensor {
  let (mean, deviation) = (0.7, 0.4)
  let (alpha, sigma) = (time.alpha, time.sigma)
  let variance = alpha * alpha * deviation * deviation + sigma * sigma
  let clean =
    try
    (x_t * (alpha * deviation * deviation / variance)
    + (x_t * (alpha * mean / variance)).tanh() * (sigma * sigma * mean / variance))
  let noise = try (x_t - clean * alpha) / sigma
  let mixture = prediction.mixture(at: time)
  return try noise * mixture.noise + clean * mixture.clean
}
