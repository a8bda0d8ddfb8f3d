import Evaluation
import Generation
import ImageFiles
import ImageOutput
import Terminal

extension ModelHost: ImageGenerator {
  public func draw(_ prompt: String, seed: UInt64, settings: DrawSettings) async throws -> SyntheticImage {
    let request = GenerationRequest(
      prompt: prompt, seed: seed, settings: SamplingOverrides(steps: settings.steps, guidance: settings.guidance))
    var drawn = try generate(request).images[0].drawn
    // Figures are of the model, and not of what files add; a kept sample is the picture that was measured.
    drawn.provenance.isWatermarked = false
    return drawn
  }
}

extension SampleFolder.Origin {
  /// What a loaded model draws by its own settings, or with another number of steps.
  init(_ host: ModelHost, steps: Int? = nil) {
    var sampling = host.description.sampling
    if let steps { sampling.steps = steps }
    self.init(
      model: host.description.name, hash: host.hash, sampling: sampling, precision: host.precision.rawValue)
  }
}

extension SampleFolder {
  /// Draws one sample of each prompt, with consecutive seeds; samples that are there are not drawn again.
  ///
  /// - Parameter settings: Nil values are the model's own.
  /// - Throws: What drawing and keeping throws, `CancellationError`.
  func fill(
    _ prompts: [String], from host: ModelHost, seed: UInt64, settings: DrawSettings = DrawSettings(), console: Console
  ) async throws {
    var settings = settings
    let guidance = settings.guidance ?? host.description.sampling.guidance
    settings.guidance = guidance
    let meter = console.meter("drawing", unit: "samples", total: prompts.count)
    defer { meter.finish() }
    for (index, prompt) in prompts.enumerated() {
      let own = seed &+ UInt64(index)
      if try image(prompt: prompt, seed: own, guidance: guidance) == nil {
        try Task.checkCancellation()
        try keep(
          await host.draw(prompt, seed: own, settings: settings), prompt: prompt, seed: own, guidance: guidance)
      }
      meter.update(index + 1)
    }
  }
}
