import Evaluation
import Generation
import ImageFiles
import ImageOutput

extension ModelHost: ImageGenerator {
  public func draw(_ prompt: String, seed: UInt64, guidance: Double?) async throws -> SyntheticImage {
    let request = GenerationRequest(prompt: prompt, seed: seed, settings: SamplingOverrides(guidance: guidance))
    return try generate(request).images[0].drawn
  }
}

extension SampleFolder.Origin {
  /// What a loaded model draws by its own settings.
  init(_ host: ModelHost) {
    let sampling = host.description.sampling
    self.init(
      model: host.description.name, hash: host.hash, steps: sampling.steps, sampler: sampling.sampler.rawValue)
  }
}
