import Foundation
import Testing

@testable import Diffusion

@Suite("Scheduler configuration")
struct ConfigurationTests {
  @Test(
    "survives JSON",
    arguments: [
      SchedulerConfiguration.ddpmLinear, .rectifiedFlow,
      SchedulerConfiguration(
        schedule: .init(.scaledLinear(), trainTimesteps: 500, zeroTerminalSNR: true), prediction: .velocity,
        spacing: .trailing, stepsOffset: 1, finalNoise: .smallest, clipSample: 1),
      SchedulerConfiguration(schedule: .init(.cosine(offset: 0.01)), prediction: .sample, spacing: .linspace),
      SchedulerConfiguration(schedule: .init(.sigmoid()), prediction: .epsilon),
      SchedulerConfiguration(schedule: .init(.sigmoidLogSNR(maximum: 5, minimum: -7)), prediction: .epsilon),
      SchedulerConfiguration(schedule: .init(.rectifiedFlow(shift: 3)), prediction: .flow),
      SchedulerConfiguration(schedule: .init(.rectifiedFlow()), prediction: .flow, time: .scaledFlow()),
      SchedulerConfiguration(schedule: .init(.rectifiedFlow()), prediction: .flow, time: .timestep),
      SchedulerConfiguration(schedule: .init(.cosine()), prediction: .velocity, time: .flow),
    ])
  func roundTrip(configuration: SchedulerConfiguration) throws {
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(SchedulerConfiguration.self, from: data) == configuration)
  }

  @Test("is written flat, and reads with only what has no default")
  func shortForm() throws {
    let text = #"{"schedule": {"type": "linear"}, "prediction": "epsilon"}"#
    #expect(try JSONDecoder().decode(SchedulerConfiguration.self, from: Data(text.utf8)) == .ddpmLinear)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let written = try String(decoding: encoder.encode(SchedulerConfiguration.rectifiedFlow), as: UTF8.self)
    #expect(
      written == """
        {"finalNoise":"zero","prediction":"flow","schedule":{"shift":1,"trainTimesteps":1000,"type":"rectifiedFlow"},\
        "spacing":"trailing","stepsOffset":0}
        """)
  }

  @Test(
    "unknown words and missing keys are refused, by name",
    arguments: [
      (#"{"schedule": {"type": "quadratic"}, "prediction": "epsilon"}"#, "schedule.type"),
      (#"{"schedule": {"type": "linear"}, "prediction": "score"}"#, "prediction"),
      (#"{"schedule": {"type": "linear"}, "prediction": "v", "spacing": "karras"}"#, "spacing"),
      (#"{"prediction": "v"}"#, "schedule missing"),
      (#"{"schedule": {"type": "linear"}, "prediction": "v", "time": {"type": "sigma"}}"#, "time.type"),
      (#"{"schedule": {"type": "linear"}, "prediction": "v", "time": {}}"#, "time.type missing"),
    ])
  func unknown(text: String, place: String) throws {
    let error = try #require(throws: DecodingError.self) {
      try JSONDecoder().decode(SchedulerConfiguration.self, from: Data(text.utf8))
    }
    func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
    switch error {
    case .dataCorrupted(let context): #expect(name(context.codingPath) == place)
    case .keyNotFound(let key, let context): #expect(name(context.codingPath + [key]) + " missing" == place)
    default: Issue.record(error)
    }
  }

  @Test("what the network is given as time: by the schedule, or as the configuration says")
  func networkTime() throws {
    func given(_ configuration: SchedulerConfiguration, _ time: NetworkTime?, at timestep: Double) throws -> Double {
      var configuration = configuration
      configuration.time = time
      return configuration.networkTime(try DiffusionProcess(configuration).time(atTimestep: timestep))
    }
    #expect(try given(.ddpmLinear, nil, at: 499) == 499)
    #expect(try given(.ddpmLinear, .timestep, at: 499.5) == 499.5)
    #expect(try given(.rectifiedFlow, .timestep, at: 250) == 250)
    for timestep in stride(from: 0.0, through: 1000, by: 0.5) {
      #expect(try given(.rectifiedFlow, nil, at: timestep) == timestep / 1000)
      #expect(try given(.rectifiedFlow, .flow, at: timestep) == timestep / 1000)
    }
    #expect(try given(.rectifiedFlow, .scaledFlow(), at: 250) == 250)
    #expect(try given(.rectifiedFlow, .scaledFlow(scale: 8), at: 250) == 2)
    let time = try DiffusionProcess(.ddpmLinear).time(atTimestep: 499)
    #expect(try given(.ddpmLinear, .flow, at: 499) == time.flowTime)
    #expect(try given(.ddpmLinear, .scaledFlow(scale: 1000), at: 499) == 1000 * time.flowTime)
  }

  @Test("values out of range are refused")
  func validation() {
    for scale in [0, -1, Double.infinity] {
      let configuration = SchedulerConfiguration(
        schedule: .init(.linear()), prediction: .epsilon, time: .scaledFlow(scale: scale))
      #expect(
        throws: DiffusionError.invalidSetting(
          name: "the scale of the network's time", value: scale, allowed: "a positive number")
      ) {
        try DiffusionProcess(configuration)
      }
    }
    var configuration = SchedulerConfiguration.ddpmLinear
    configuration.stepsOffset = 1000
    #expect(throws: DiffusionError.invalidSetting(name: "stepsOffset", value: 1000, allowed: "0 to 999")) {
      try DiffusionProcess(configuration)
    }
    configuration.stepsOffset = 0
    for clip in [0, -1, Double.infinity] {
      configuration.clipSample = clip
      #expect(
        throws: DiffusionError.invalidSetting(
          name: "clipSample", value: clip, allowed: "a positive number or leave it out")
      ) {
        try DiffusionProcess(configuration)
      }
    }
  }
}

@Suite("Timesteps of a plan")
struct PlanTests {
  private func timesteps(
    _ steps: Int, _ spacing: TimestepSpacing, _ convention: TimestepConvention, offset: Int = 0
  ) throws -> [Double] {
    var configuration = SchedulerConfiguration.ddpmLinear
    configuration.spacing = spacing
    configuration.stepsOffset = offset
    return try DiffusionProcess(configuration).plan(steps: steps, convention: convention).timesteps
  }

  @Test("leading: multiples of T / n")
  func leading() throws {
    #expect(try timesteps(5, .leading, .chain()) == [800, 600, 400, 200, 0])
    #expect(try timesteps(5, .leading, .chain(), offset: 1) == [801, 601, 401, 201, 1])
    #expect(try timesteps(3, .leading, .chain()) == [666, 333, 0])
    #expect(try timesteps(4, .leading, .logSNR) == [800, 600, 400, 200])
  }

  @Test("linspace: both ends, fractional for samplers on noise levels")
  func linspace() throws {
    #expect(try timesteps(4, .linspace, .chain()) == [999, 666, 333, 0])
    #expect(try timesteps(3, .linspace, .chain()) == [999, 500, 0])
    #expect(try timesteps(3, .linspace, .noiseLevels) == [999, 499.5, 0])
    #expect(try timesteps(3, .linspace, .logSNR) == [999, 666, 333])
  }

  @Test("trailing: multiples of T / n down from the end")
  func trailing() throws {
    #expect(try timesteps(4, .trailing, .chain()) == [999, 749, 499, 249])
    #expect(try timesteps(3, .trailing, .logSNR) == [999, 666, 332])
  }

  @Test("every number of steps from 1 to T gives that many falling times that start in noise and end clean")
  func allCounts() throws {
    for curve in [NoiseSchedule.Curve.linear(), .rectifiedFlow(shift: 3)] {
      for spacing in TimestepSpacing.allCases {
        let process = try DiffusionProcess(
          SchedulerConfiguration(
            schedule: .init(curve, trainTimesteps: 100), prediction: .velocity, spacing: spacing))
        for convention in [TimestepConvention.chain(), .noiseLevels, .logSNR] {
          for steps in 1...100 {
            let plan = try process.plan(steps: steps, convention: convention)
            #expect(plan.steps.count == steps)
            #expect(plan.steps.allSatisfy { $0.to.noiseLevel < $0.from.noiseLevel })
            #expect(zip(plan.steps, plan.steps.dropFirst()).allSatisfy { $0.to == $1.from })
            #expect(plan.steps.last?.to.alpha == 1 && plan.steps.last?.to.sigma == 0)
          }
          for steps in [-1, 0, 101, Int.max] {
            #expect(throws: DiffusionError.stepsOutOfRange(steps: steps, maximum: 100)) {
              try process.plan(steps: steps, convention: convention)
            }
          }
        }
      }
    }
  }

  @Test("a single step starts at the end of the schedule")
  func single() throws {
    for spacing in TimestepSpacing.allCases {
      for convention in [TimestepConvention.chain(), .noiseLevels, .logSNR] {
        #expect(try timesteps(1, spacing, convention) == [999])
      }
    }
  }

  @Test("an offset that leads past the last timestep is refused")
  func offset() {
    #expect(throws: DiffusionError.timestepOutOfRange(timestep: 1000, maximum: 999)) {
      try timesteps(1000, .leading, .chain(), offset: 1)
    }
  }

  @Test("rectified flow: alpha = 1 - t, sigma = t, moved by the shift")
  func flow() throws {
    let process = try DiffusionProcess(.rectifiedFlow)
    let plan = try process.plan(steps: 4, convention: .noiseLevels)
    #expect(plan.steps.map(\.from.sigma) == [1, 0.75, 0.5, 0.25])
    #expect(plan.timesteps == [1000, 750, 500, 250])
    #expect(plan.initialNoiseScale == 1)
    var shifted = SchedulerConfiguration.rectifiedFlow
    shifted.schedule.curve = .rectifiedFlow(shift: 3)
    let sigmas = try DiffusionProcess(shifted).plan(steps: 2, convention: .logSNR).steps.map(\.from.sigma)
    #expect(sigmas == [1, 0.75])
    #expect(plan.steps.allSatisfy { abs($0.from.flowTime - $0.from.sigma) < 1e-15 })
  }

  @Test("noise levels between whole timesteps are interpolated")
  func interpolation() throws {
    let process = try DiffusionProcess(.ddpmLinear)
    let below = try process.time(atTimestep: 499)
    let above = try process.time(atTimestep: 500)
    let between = try process.time(atTimestep: 499.25)
    #expect(abs(between.noiseLevel - (0.75 * below.noiseLevel + 0.25 * above.noiseLevel)) < 1e-12)
    #expect(abs(between.alpha * between.alpha + between.sigma * between.sigma - 1) < 1e-12)
    #expect(throws: DiffusionError.timestepOutOfRange(timestep: 999.5, maximum: 999)) {
      try process.time(atTimestep: 999.5)
    }
    for timestep in [-0.5, Double.infinity] {
      #expect(throws: DiffusionError.timestepOutOfRange(timestep: timestep, maximum: 999)) {
        try process.time(atTimestep: timestep)
      }
    }
    let nan = #expect(throws: DiffusionError.self) { try process.time(atTimestep: .nan) }
    #expect(nan?.description == "timestep nan is outside the schedule: give 0 to 999.0")
  }

  @Test("where there is no signal left, samplers on noise levels see 2^-24 of it, DDIM none")
  func terminalSignal() throws {
    let process = try DiffusionProcess(
      SchedulerConfiguration(
        schedule: .init(.linear(), zeroTerminalSNR: true), prediction: .velocity, spacing: .trailing))
    #expect(try process.plan(steps: 5, convention: .chain()).steps[0].from.alpha == 0)
    #expect(try process.plan(steps: 5, convention: .noiseLevels).steps[0].from.alpha == 0x1p-12)
    #expect(try process.plan(steps: 5, convention: .logSNR).steps[0].from.alpha == 0x1p-12)
  }
}

@Suite("Prediction types")
struct PredictionTypeTests {
  /// x_t and the output of a network that is exactly right, from x_0 and epsilon.
  private func exact(_ type: PredictionType, clean: Double, noise: Double, _ time: SampleTime) -> (Double, Double) {
    let mixture = type.mixture(at: time)
    return (time.alpha * clean + time.sigma * noise, mixture.noise * noise + mixture.clean * clean)
  }

  @Test("x_0 and epsilon come back out of x_t and any prediction, on both paths", arguments: PredictionType.allCases)
  func inversion(type: PredictionType) throws {
    for configuration in [SchedulerConfiguration.ddpmLinear, .rectifiedFlow] {
      let process = try DiffusionProcess(configuration)
      for timestep in [1.0, 50, 333.5, 700, 999] {
        let time = try process.time(atTimestep: timestep)
        for (clean, noise) in [(0.3, -1.2), (-2.0, 0.5), (1, 1)] {
          let (x, output) = exact(type, clean: clean, noise: noise, time)
          let toClean = try type.cleanCoefficients(at: time)
          let toNoise = try type.noiseCoefficients(at: time)
          #expect(abs(toClean.noisy * x + toClean.output * output - clean) < 1e-9)
          #expect(abs(toNoise.noisy * x + toNoise.output * output - noise) < 1e-9)
        }
      }
    }
  }

  @Test("the textbook formulas")
  func formulas() {
    let time = SampleTime(timestep: 10, alpha: 0.6, sigma: 0.8)
    #expect(PredictionType.velocity.mixture(at: time) == (0.6, -0.8))
    #expect(abs(PredictionType.velocity.determinant(at: time) - 1) < 1e-15)
    #expect(PredictionType.epsilon.determinant(at: time) == 0.6)
    #expect(PredictionType.flow.mixture(at: time) == (1, -1))
  }

  @Test("noise predicted where there is no signal determines nothing, and the error says so")
  func undetermined() throws {
    let pureNoise = SampleTime(timestep: 999, alpha: 0, sigma: 1)
    #expect(throws: DiffusionError.undeterminedPrediction(.epsilon, timestep: 999)) {
      try PredictionType.epsilon.cleanCoefficients(at: pureNoise)
    }
    #expect(throws: DiffusionError.undeterminedPrediction(.sample, timestep: 0)) {
      try PredictionType.sample.noiseCoefficients(at: .clean)
    }
    for type in [PredictionType.velocity, .sample, .flow] {
      #expect(try type.cleanCoefficients(at: pureNoise).noisy.isFinite)
    }
  }
}
