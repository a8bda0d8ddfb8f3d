import Torch

/// Fresh standard normal noise for stochastic samplers, given by the caller.
public struct NoiseSource {
  private let draw: (_ sample: Tensor) throws -> Tensor

  /// - Parameter draw: returns noise of the shape, type and device of its argument.
  public init(_ draw: @escaping (_ sample: Tensor) throws -> Tensor) {
    self.draw = draw
  }

  /// One generator for each sample of the batch, so that a sample does not depend on its neighbours.
  public static func generators(_ generators: [Generator]) -> NoiseSource {
    NoiseSource { sample in
      let shape = sample.shape
      guard let batch = shape.first, batch == generators.count else {
        throw DiffusionError.batchMismatch(what: "generators", expected: shape.first ?? 0, found: generators.count)
      }
      let noise = try generators.map { generator in
        try Tensor.randn([1] + shape.dropFirst(), generator: generator, dtype: sample.dtype)
      }
      return try Tensor.cat(noise, dim: 0).to(sample.device)
    }
  }

  func noise(like sample: Tensor) throws -> Tensor {
    try draw(sample)
  }
}

extension Sampler {
  /// Noise for this step, or the error that says it is missing.
  func required(_ noise: NoiseSource?, like sample: Tensor) throws -> Tensor {
    guard let noise else { throw DiffusionError.samplerNeedsNoise(sampler: "\(Self.self)") }
    return try noise.noise(like: sample)
  }
}
