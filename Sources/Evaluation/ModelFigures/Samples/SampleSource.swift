import ImageFiles
import ImageOutput

/// One generated image and what it was asked for.
struct DrawnSample: Sendable {
  let prompt: String
  let seed: UInt64
  let image: GrayscaleImage
}

/// Draws samples from a model, each one once: what two measurements ask for is shared.
struct SampleSource {
  let host: any ImageGenerator
  /// Where samples are kept, so that a killed run does not draw them again; nil keeps them in memory alone.
  let folder: SampleFolder?
  /// Denoising steps of every image; nil for the model's own.
  let steps: Int?
  /// Called after each image that was drawn, with the number of images since the start.
  let progress: @Sendable (Int) -> Void

  private struct Key: Hashable {
    let prompt: String
    let seed: UInt64
    let guidance: Double
  }

  private var drawn: [Key: GrayscaleImage] = [:]

  init(
    host: any ImageGenerator, folder: SampleFolder? = nil, steps: Int? = nil,
    progress: @escaping @Sendable (Int) -> Void
  ) {
    self.host = host
    self.folder = folder
    self.steps = steps
    self.progress = progress
  }

  /// The images of a prompt with consecutive seeds.
  ///
  /// - Parameter guidance: nil for the model's own.
  mutating func samples(
    of prompt: String, seed: UInt64, count: Int, guidance: Double? = nil
  ) async throws -> [DrawnSample] {
    let scale = guidance ?? host.description.sampling.guidance
    var samples: [DrawnSample] = []
    for offset in 0..<UInt64(count) {
      let key = Key(prompt: prompt, seed: seed &+ offset, guidance: scale)
      if drawn[key] == nil {
        drawn[key] = try await image(key)
        progress(drawn.count)
      }
      if let image = drawn[key] { samples.append(DrawnSample(prompt: prompt, seed: key.seed, image: image)) }
    }
    return samples
  }

  private func image(_ key: Key) async throws -> GrayscaleImage {
    if let kept = try await folder?.image(prompt: key.prompt, seed: key.seed, guidance: key.guidance) { return kept }
    try Task.checkCancellation()
    let sample = try await host.draw(
      key.prompt, seed: key.seed, settings: DrawSettings(steps: steps, guidance: key.guidance))
    try await folder?.keep(sample, prompt: key.prompt, seed: key.seed, guidance: key.guidance)
    return sample.image
  }
}
