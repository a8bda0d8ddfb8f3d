/// The forward process of one model, ready to use: its configuration, validated, and its table.
public struct DiffusionProcess: Sendable {
  public let configuration: SchedulerConfiguration
  /// nil for a rectified flow, which is continuous.
  public let table: NoiseTable?

  /// - Throws: `DiffusionError` if the configuration is outside its ranges.
  ///
  /// - Throws: `DiffusionError.invalidSchedule` or `invalidSetting` if the configuration is outside its ranges.
  public init(_ configuration: SchedulerConfiguration) throws(DiffusionError) {
    try configuration.validate()
    self.configuration = configuration
    self.table =
      switch configuration.schedule.path {
      case .variancePreserving: try NoiseTable(configuration.schedule)
      case .rectifiedFlow: nil
      }
  }

  /// The time at a training timestep, 0 ... T - 1; on a rectified flow 0 ... T, where t = timestep / T.
  ///
  /// Between whole timesteps of a discrete schedule the noise level sigma / alpha is interpolated linearly.
  ///
  /// - Throws: `DiffusionError.timestepOutOfRange`.
  public func time(atTimestep timestep: Double) throws(DiffusionError) -> SampleTime {
    try time(atTimestep: timestep, substituteForNoSignal: 0)
  }

  /// The time t in 0 ... 1 of a rectified flow, or, on a discrete schedule, the timestep floor(t T).
  ///
  /// - Throws: `DiffusionError.timestepOutOfRange`.
  public func time(at fraction: Double) throws(DiffusionError) -> SampleTime {
    guard let table else {
      return try time(atTimestep: fraction * Double(configuration.schedule.trainTimesteps))
    }
    guard (0...1).contains(fraction) else { throw .timestepOutOfRange(timestep: fraction, maximum: 1) }
    return try time(atTimestep: min((fraction * Double(table.count)).rounded(.down), Double(table.count - 1)))
  }

  /// The steps that a sampler of this convention takes.
  ///
  /// - Parameter steps: 1 ... T.
  /// - Throws: `DiffusionError.stepsOutOfRange`, or `timestepOutOfRange` if `stepsOffset` leads past T - 1.
  public func plan(steps: Int, convention: TimestepConvention) throws(DiffusionError) -> SamplingPlan {
    let schedule = configuration.schedule
    let spacing = configuration.spacing
    guard let table else {
      guard case .rectifiedFlow(let shift) = schedule.curve else {
        throw .invalidSchedule(reason: "a discrete schedule without its table")
      }
      let grid = try flowGrid(
        steps: steps, trainTimesteps: schedule.trainTimesteps, spacing: spacing, shift: shift)
      var times: [SampleTime] = []
      for t in grid + [0] { times.append(try time(at: t)) }
      return SamplingPlan(chaining: times, initialNoiseScale: 1, configuration: configuration)
    }

    let substitute = convention.substituteForNoSignal
    let grid = try timestepGrid(
      steps: steps, trainTimesteps: table.count, spacing: spacing, offset: configuration.stepsOffset,
      convention: convention)
    let end: SampleTime =
      switch configuration.finalNoise {
      case .zero: .clean
      case .smallest: SampleTime(timestep: 0, alphaCumprod: table.alphasCumprod[0])
      }
    var times: [SampleTime] = []
    for timestep in grid { times.append(try time(atTimestep: timestep, substituteForNoSignal: substitute)) }
    times.append(end)

    if convention == .chain(stride: true) {
      let stride = Double(table.count / steps)
      var intervals: [SamplingPlan.Step] = []
      for (index, from) in times.dropLast().enumerated() {
        let target = from.timestep - stride
        intervals.append(.init(index: index, from: from, to: target < 0 ? end : try time(atTimestep: target)))
      }
      return SamplingPlan(steps: intervals, initialNoiseScale: 1, configuration: configuration)
    }
    let scalesNoise = convention == .noiseLevels && spacing != .leading
    return SamplingPlan(
      chaining: times, initialNoiseScale: scalesNoise ? times[0].sigma : 1, configuration: configuration)
  }

  private func time(
    atTimestep timestep: Double, substituteForNoSignal substitute: Double
  ) throws(DiffusionError) -> SampleTime {
    guard let table else {
      let count = Double(configuration.schedule.trainTimesteps)
      guard (0...count).contains(timestep) else { throw .timestepOutOfRange(timestep: timestep, maximum: count) }
      let t = timestep / count
      return SampleTime(timestep: timestep, alpha: 1 - t, sigma: t)
    }
    let last = Double(table.count - 1)
    guard (0...last).contains(timestep) else { throw .timestepOutOfRange(timestep: timestep, maximum: last) }
    func alphaCumprod(_ index: Int) -> Double {
      table.alphasCumprod[index] == 0 ? substitute : table.alphasCumprod[index]
    }
    let below = Int(timestep)
    let weight = timestep - Double(below)
    if weight == 0 { return SampleTime(timestep: timestep, alphaCumprod: alphaCumprod(below)) }
    let low = SampleTime(timestep: 0, alphaCumprod: alphaCumprod(below)).noiseLevel
    let high = SampleTime(timestep: 0, alphaCumprod: alphaCumprod(below + 1)).noiseLevel
    return SampleTime(timestep: timestep, noiseLevel: low + weight * (high - low))
  }
}
