import Models

/// What to draw: one prompt, as many images of it as wanted, and how.
public struct GenerationRequest: Sendable {
  /// Free text. Empty is the null prompt, which needs guidance 1.
  public var prompt: String
  /// Seed of the first image; image k uses `seed + k` and has a generator of its own.
  public var seed: UInt64
  /// Images to make, at least 1.
  public var count: Int
  public var settings: SamplingOverrides
  /// Latents to start from in place of noise, one for each image.
  public var initialLatents: [Latents]?
  /// A preview comes after every so many steps; nil for none.
  public var previewInterval: Int?
  /// Whether the final latents are part of the result.
  public var keepsLatents: Bool

  public init(
    prompt: String, seed: UInt64, count: Int = 1, settings: SamplingOverrides = SamplingOverrides(),
    initialLatents: [Latents]? = nil, previewInterval: Int? = nil, keepsLatents: Bool = false
  ) {
    self.prompt = prompt
    self.seed = seed
    self.count = count
    self.settings = settings
    self.initialLatents = initialLatents
    self.previewInterval = previewInterval
    self.keepsLatents = keepsLatents
  }
}

extension GenerationRequest {
  /// Checks what can only be judged with the model.
  ///
  /// - Parameters:
  ///   - latentShape: Channels, height and width of the model's latents.
  ///   - guidance: The guidance of the request, or the model's own if the request has none.
  func check(against latentShape: [Int], guidance: Double) throws {
    guard count >= 1, count <= OutputPlan.imageLimit else {
      throw RequestError.outOfRange(what: "count", value: "\(count)", allowed: "1 to \(OutputPlan.imageLimit)")
    }
    guard !seed.addingReportingOverflow(UInt64(count - 1)).overflow else {
      throw RequestError.outOfRange(what: "seed", value: "\(seed)", allowed: "one that leaves room for \(count) images")
    }
    if let previewInterval, previewInterval < 1 {
      throw RequestError.outOfRange(what: "preview-every", value: "\(previewInterval)", allowed: "at least 1")
    }
    try SamplingOverrides.check(prompt: prompt, index: 0, guidance: guidance)
    guard let initialLatents else { return }
    guard initialLatents.count == count else {
      throw LatentsError.count(initialLatents.count, expected: count)
    }
    for latents in initialLatents { try latents.check(shape: latentShape) }
  }
}

extension ModelDescription {
  /// The settings of a request with the model's own where it says nothing.
  ///
  /// - Throws: ``RequestError`` for numbers that mean nothing; `DiffusionError` for more steps than timesteps.
  public func sampling(for settings: SamplingOverrides) throws -> SamplingSettings {
    try settings.validate()
    var result = sampling(at: settings.quality ?? .fast)
    let steps = settings.steps ?? result.steps
    guard steps <= scheduler.schedule.trainTimesteps else {
      throw RequestError.outOfRange(
        what: "steps", value: "\(steps)", allowed: "1 to \(scheduler.schedule.trainTimesteps), the model's timesteps")
    }
    result.steps = steps
    if let guidance = settings.guidance { result.guidance = guidance }
    if let rescale = settings.guidanceRescale { result.guidanceRescale = rescale }
    if let interval = settings.guidanceInterval { result.guidanceInterval = interval.range }
    if let from = settings.guidanceFrom { result.guidanceFrom = from }
    if let sampler = settings.sampler { result.sampler = sampler }
    if let eta = settings.eta { result.eta = eta }
    return result
  }
}
