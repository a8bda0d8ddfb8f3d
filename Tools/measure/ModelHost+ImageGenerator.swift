import Evaluation
import Generation
import ImageFiles

extension ModelHost: ImageGenerator {
  public func draw(_ prompt: String, seed: UInt64, guidance: Double?) async throws -> GrayscaleImage {
    let request = GenerationRequest(prompt: prompt, seed: seed, settings: SamplingOverrides(guidance: guidance))
    return try generate(request).images[0].image
  }
}
