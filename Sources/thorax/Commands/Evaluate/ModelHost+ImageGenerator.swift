import Evaluation
import Generation
import ImageFiles
import ImageOutput

extension ModelHost: ImageGenerator {
  public func draw(_ prompt: String, seed: UInt64, settings: DrawSettings) async throws -> SyntheticImage {
    let request = GenerationRequest(
      prompt: prompt, seed: seed, settings: SamplingOverrides(steps: settings.steps, guidance: settings.guidance))
    return try generate(request).images[0].drawn
  }
}

extension SampleFolder.Origin {
  /// What a loaded model draws by its own settings, or with another number of steps.
  init(_ host: ModelHost, steps: Int? = nil) {
    let sampling = host.description.sampling
    self.init(
      model: host.description.name, hash: host.hash, steps: steps ?? sampling.steps, sampler: sampling.sampler.rawValue)
  }
}
