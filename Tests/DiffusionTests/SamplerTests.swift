import Foundation
import TensorFiles
import Testing
import Torch

@testable import Diffusion

@Suite("Samplers")
struct SamplerTests {
  /// The exact solution for data N(mean, deviation^2): the probability flow keeps a sample's quantile, and at every
  /// time x_t is N(alpha mean, alpha^2 deviation^2 + sigma^2).
  private struct Gaussian {
    var mean = 0.8
    var deviation = 0.5

    func variance(at time: SampleTime) -> Double {
      time.alpha * time.alpha * deviation * deviation + time.sigma * time.sigma
    }

    func denoiser(_ prediction: PredictionType) -> Denoiser {
      { x_t, time in
        let gain = time.alpha * deviation * deviation / variance(at: time)
        let clean = try (x_t - time.alpha * mean) * gain + mean
        // epsilon from its own posterior mean, which stays exact where sigma is 0.
        let noise = try (x_t - time.alpha * mean) * (time.sigma / variance(at: time))
        let mixture = prediction.mixture(at: time)
        return try noise * mixture.noise + clean * mixture.clean
      }
    }

    /// Where the flow takes `start` between two times.
    func solution(from start: Double, at time: SampleTime, to end: SampleTime) -> Double {
      end.alpha * mean + (variance(at: end) / variance(at: time)).squareRoot() * (start - time.alpha * mean)
    }
  }

  @Test("the gradient of a sample by its noise and by the network's weights is PyTorch's")
  func gradients() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let expected = try SafetensorsFile(path: tests.appendingPathComponent("Fixtures/reward.safetensors").path)
      .loadTensors()
    func value(_ name: String) throws -> Tensor { try #require(expected[name]) }
    let (noise, weight, slope) = (try value("noise"), try value("weight"), try value("slope"))
    let leaves = [("noise", noise), ("weight", weight), ("slope", slope)]
    for (_, leaf) in leaves { try leaf.setRequiresGrad(true) }
    let process = try DiffusionProcess(
      SchedulerConfiguration(schedule: .init(.rectifiedFlow(shift: 1.8)), prediction: .flow, spacing: .trailing))
    let sampler = DPMSolverSampler()
    let plan = try process.plan(steps: 7, convention: sampler.convention)
    let sample = try sampler.sample(from: SamplerState(plan: plan, noise: noise)) { x_BCHW, time in
      let mixed_BHWC = try x_BCHW.permute([0, 2, 3, 1]).matmul(weight)
      return try mixed_BHWC.permute([0, 3, 1, 2]).tanh() + slope.reshape([1, 4, 1, 1]) * time.flowTime
    }
    #expect(try (sample - value("sample")).abs().max().item() < 1e-12)
    try (sample * value("sample.weights")).sum().backward()
    for (name, leaf) in leaves {
      let error = try (#require(try leaf.grad) - value("\(name).gradient")).abs().max().item()
      #expect(error < 1e-11, "\(name): \(error)")
    }
  }

  /// The largest error over a few starting points.
  private func error(_ sampler: any Sampler, _ plan: SamplingPlan) throws -> Double {
    let gaussian = Gaussian()
    let starts = [-2.0, -0.7, 0.1, 1.3]
    let state = try SamplerState(plan: plan, noise: Tensor(starts, shape: [1, 1, 2, 2]))
    let end = try sampler.sample(from: state, denoiser: gaussian.denoiser(plan.prediction)).doubles()
    let (first, last) = (plan.steps[0].from, plan.steps[plan.steps.count - 1].to)
    return zip(starts, end).map { start, value in
      abs(value - gaussian.solution(from: start * plan.initialNoiseScale, at: first, to: last))
    }.max() ?? .infinity
  }

  /// The slopes of log error over log steps, the steps doubling.
  private func orders(_ errors: [Double]) -> [Double] {
    zip(errors, errors.dropFirst()).map { log2($0 / $1) }
  }

  @Test(
    "on a rectified flow Euler and DDIM converge with order 1, Heun with order 2",
    arguments: [(SamplerKind.euler, 1.0), (.ddim, 1), (.heun, 2)])
  func flowOrder(kind: SamplerKind, expected: Double) throws {
    for prediction in [PredictionType.sample, .velocity, .flow] {
      let process = try DiffusionProcess(
        SchedulerConfiguration(schedule: .init(.rectifiedFlow()), prediction: prediction, spacing: .trailing))
      let sampler = try kind.makeSampler()
      let errors = try [32, 64, 128, 256, 512].map {
        try error(sampler, process.plan(steps: $0, convention: sampler.convention))
      }
      #expect(orders(errors).suffix(2).allSatisfy { abs($0 - expected) < 0.1 }, "\(prediction): \(orders(errors))")
      #expect(errors[0] < (expected == 1 ? 0.05 : 0.005), "\(prediction): \(errors)")
    }
  }

  @Test("on a rectified flow DPM++ 2M converges with order 2")
  func multistepOrder() throws {
    // Equal steps in lambda, in which the solver is of second order.
    let equal = try [32, 64, 128, 256].map { steps in
      let times = (0...steps).map { index in
        let t = 1 / (1 + exp(-4 + 8 * Double(index) / Double(steps)))
        return SampleTime(timestep: 1000 * t, alpha: 1 - t, sigma: t)
      }
      return try error(
        DPMSolverSampler(), SamplingPlan(chaining: times, initialNoiseScale: 1, configuration: .rectifiedFlow))
    }
    #expect(orders(equal).suffix(2).allSatisfy { abs($0 - 2) < 0.1 }, "\(orders(equal))")

    // Equal steps in t span an infinite range of lambda. The k-th steps from its two ends add errors of 1 / (k n^2),
    // which sum up to log(n) / n^2.
    let process = try DiffusionProcess(.rectifiedFlow)
    let errors = try [64, 128, 256, 512].map { steps in
      try error(DPMSolverSampler(), process.plan(steps: steps, convention: .logSNR)) / log(Double(steps))
    }
    #expect(orders(errors).suffix(2).allSatisfy { abs($0 - 2) < 0.1 }, "\(orders(errors))")
    #expect(errors[0] < 0.005)
  }

  @Test("more steps come closer to the exact solution on the linear schedule", arguments: [SamplerKind.ddim, .euler])
  func variancePreserving(kind: SamplerKind) throws {
    var configuration = SchedulerConfiguration.ddpmLinear
    configuration.spacing = .trailing
    let process = try DiffusionProcess(configuration)
    let sampler = try kind.makeSampler()
    let errors = try [25, 50, 100, 200].map {
      try error(sampler, process.plan(steps: $0, convention: sampler.convention))
    }
    #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > 1.7 * $1 }, "\(errors)")
    #expect(errors[3] < 0.02)
  }

  @Test("stochastic samplers draw from the Gaussian they were given", arguments: SamplerKind.allCases)
  func distribution(kind: SamplerKind) throws {
    let gaussian = Gaussian()
    for configuration in [
      SchedulerConfiguration(schedule: .init(.linear()), prediction: .velocity, spacing: .trailing), .rectifiedFlow,
    ] {
      let sampler = try kind.makeSampler(eta: 1)
      let plan = try DiffusionProcess(configuration).plan(steps: 200, convention: sampler.convention)
      let generator = try Generator(seed: 3)
      let start = try SamplerState(plan: plan, noise: Tensor.randn([1, 1, 100, 200], generator: generator))
      let values = try sampler.sample(
        from: start, noise: .generators([generator]), denoiser: gaussian.denoiser(configuration.prediction)
      ).floats().map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(mean - gaussian.mean) < 0.02, "\(kind) \(configuration.schedule.path): mean \(mean)")
      #expect(
        abs(variance.squareRoot() - gaussian.deviation) < 0.02,
        "\(kind) \(configuration.schedule.path): deviation \(variance.squareRoot())")
    }
  }

  @Test("DDIM, Euler and their stochastic forms are one update at the same times")
  func oneUpdate() throws {
    let process = try DiffusionProcess(.rectifiedFlow)
    let plan = try process.plan(steps: 7, convention: .chain())
    let noise = try Tensor.randn([1, 2, 3, 3], generator: Generator(seed: 1), dtype: .float64)
    func end(_ sampler: any Sampler) throws -> [Double] {
      try sampler.sample(
        from: SamplerState(plan: plan, noise: noise), noise: .generators([Generator(seed: 2)]),
        denoiser: Gaussian().denoiser(.flow)
      ).doubles()
    }
    #expect(try end(DDIMSampler()) == end(EulerSampler()))
    #expect(try end(DDIMSampler(eta: 1)) == end(EulerAncestralSampler()))
    #expect(try end(DDIMSampler()) != end(DDIMSampler(eta: 1)))
  }

  @Test("a step leaves its state as it was, so the same state can be stepped twice")
  func pureSteps() throws {
    let sampler = DPMSolverSampler()
    let plan = try DiffusionProcess(.rectifiedFlow).plan(steps: 4, convention: sampler.convention)
    var state = try SamplerState(plan: plan, noise: Tensor.randn([1, 1, 2, 2], generator: Generator(seed: 9)))
    #expect(state.denoised == nil)
    state = try sampler.step(state, noise: nil, denoiser: Gaussian().denoiser(.flow))
    let before = try state.sample.floats()
    let once = try sampler.step(state, noise: nil, denoiser: Gaussian().denoiser(.flow))
    let twice = try sampler.step(state, noise: nil, denoiser: Gaussian().denoiser(.flow))
    #expect(try state.sample.floats() == before)
    #expect(try once.sample.floats() == twice.sample.floats())
    #expect(state.stepsTaken == 1 && once.stepsTaken == 2)
    #expect(once.denoised?.shape == [1, 1, 2, 2])
  }

  @Test("each step asks the network at the plan's times; Heun asks twice but in the last")
  func evaluations() throws {
    for kind in SamplerKind.allCases {
      let sampler = try kind.makeSampler()
      let plan = try DiffusionProcess(.rectifiedFlow).plan(steps: 5, convention: sampler.convention)
      var asked: [SampleTime] = []
      _ = try sampler.sample(
        from: SamplerState(plan: plan, noise: Tensor.ones([1, 1, 2, 2])), noise: .generators([Generator(seed: 0)])
      ) { x_t, time in
        asked.append(time)
        return x_t
      }
      #expect(asked == kind.evaluationTimes(of: plan))
      let timesteps = asked.map(\.timestep)
      #expect(
        kind == .heun ? timesteps == [1000, 800, 800, 600, 600, 400, 400, 200, 200] : timesteps == plan.timesteps)
    }
  }

  @Test("throwing from the observer or the network ends the run")
  func cancellation() throws {
    struct Stop: Error {}
    let plan = try DiffusionProcess(.rectifiedFlow).plan(steps: 5, convention: .noiseLevels)
    let start = try SamplerState(plan: plan, noise: Tensor.ones([1, 1, 2, 2]))
    var seen = 0
    #expect(throws: Stop.self) {
      try EulerSampler().sample(from: start) { state in
        seen = state.stepsTaken
        if seen == 2 { throw Stop() }
      } denoiser: { x_t, _ in
        x_t
      }
    }
    #expect(seen == 2)
    #expect(throws: Stop.self) { try EulerSampler().sample(from: start) { _, _ in throw Stop() } }
  }

  @Test("what cannot be done is said: no noise source, one step too many, noise prediction without signal")
  func errors() throws {
    let denoiser = Gaussian().denoiser(.flow)
    let plan = try DiffusionProcess(.rectifiedFlow).plan(steps: 2, convention: .chain())
    let start = try SamplerState(plan: plan, noise: Tensor.ones([2, 1, 2, 2]))
    for kind in SamplerKind.allCases {
      let sampler = try kind.makeSampler(eta: 1)
      if sampler.drawsNoise {
        #expect(throws: DiffusionError.samplerNeedsNoise(sampler: "\(type(of: sampler))")) {
          try sampler.sample(from: start, denoiser: denoiser)
        }
      }
      #expect(throws: DiffusionError.samplingFinished(steps: 2)) {
        var state = start
        for _ in 0..<3 {
          state = try sampler.step(
            state, noise: .generators([Generator(seed: 0), Generator(seed: 1)]), denoiser: denoiser)
        }
      }
    }
    #expect(throws: DiffusionError.batchMismatch(what: "generators", expected: 2, found: 1)) {
      try DDPMSampler().sample(from: start, noise: .generators([Generator(seed: 0)]), denoiser: denoiser)
    }
    var configuration = SchedulerConfiguration.ddpmLinear
    configuration.schedule.zeroTerminalSNR = true
    configuration.spacing = .trailing
    let noSignal = try DiffusionProcess(configuration).plan(steps: 2, convention: .chain())
    #expect(throws: DiffusionError.undeterminedPrediction(.epsilon, timestep: 999)) {
      try DDIMSampler().sample(from: SamplerState(plan: noSignal, noise: Tensor.ones([1]))) { x_t, _ in x_t }
    }
    #expect(throws: DiffusionError.invalidSetting(name: "eta", value: 1.5, allowed: "0 to 1")) {
      try DDIMSampler(eta: 1.5)
    }
    let nan = #expect(throws: DiffusionError.self) { try DDIMSampler(eta: .nan) }
    #expect(nan?.description == "eta is nan: give 0 to 1")
    let known = ["ddim", "ddpm", "dpm++", "dpm++sde", "euler", "euler-ancestral", "heun"]
    #expect(throws: DiffusionError.unknownSampler(name: "plms", known: known)) { try SamplerKind(named: "plms") }
    #expect(try SamplerKind(named: "dpm++") == .dpmSolver)
  }

  @Test("a sample of a batch does not depend on its neighbours")
  func batch() throws {
    let sampler = try DDIMSampler(eta: 1)
    let plan = try DiffusionProcess(.rectifiedFlow).plan(steps: 5, convention: sampler.convention)
    func run(_ seeds: [UInt64]) throws -> [Float] {
      let generators = try seeds.map { try Generator(seed: $0) }
      let noise = try Tensor.cat(generators.map { try Tensor.randn([1, 2, 2, 2], generator: $0) })
      return try sampler.sample(
        from: SamplerState(plan: plan, noise: noise), noise: .generators(generators),
        denoiser: Gaussian().denoiser(.flow)
      ).floats()
    }
    #expect(try run([5, 6]) == run([5]) + run([6]))
  }
}
