import Torch

// Shapes: B samples of any further dimensions; `times` holds one time for each of the B.

extension DiffusionProcess {
  /// The times of a training batch: whole timesteps on a discrete schedule, any t on a rectified flow.
  ///
  /// A flow's `shift` moves the times of sampling, not these: for the same effect in training draw from
  /// `logitNormal` with mean log(shift).
  ///
  /// - Throws: what ``TimeDistribution/draw(_:generator:)`` throws.
  public func drawTimes(
    _ count: Int, from distribution: TimeDistribution, generator: Generator
  ) throws -> [SampleTime] {
    try distribution.draw(count, generator: generator).map { try time(at: $0) }
  }

  /// x_t = alpha x_0 + sigma epsilon.
  ///
  /// - Throws: `DiffusionError.batchMismatch` if there are more or fewer times than samples; `TorchError` if shapes
  ///   differ or memory runs out.
  public func addNoise(clean: Tensor, noise: Tensor, times: [SampleTime]) throws -> Tensor {
    try mix(clean, times.map(\.alpha), noise, times.map(\.sigma))
  }

  /// The target of the network: p epsilon + q x_0 of the configuration's prediction type.
  ///
  /// - Throws: `DiffusionError.batchMismatch` if there are more or fewer times than samples; `TorchError` if shapes
  ///   differ or memory runs out.
  public func target(clean: Tensor, noise: Tensor, times: [SampleTime]) throws -> Tensor {
    let mixtures = times.map { configuration.prediction.mixture(at: $0) }
    return try mix(clean, mixtures.map(\.clean), noise, mixtures.map(\.noise))
  }

  /// The weighted mean squared error, one number.
  ///
  /// - Parameters:
  ///   - output: the network's output, in any floating-point type; the error is taken in the target's.
  ///   - target: as from `target(clean:noise:times:)`.
  /// - Throws: `DiffusionError.batchMismatch` if there are more or fewer times than samples; `TorchError` if shapes
  ///   differ or memory runs out.
  public func loss(
    output: Tensor, target: Tensor, times: [SampleTime], weighting: LossWeighting = .uniform
  ) throws -> Tensor {
    let difference = try output.to(target.dtype) - target
    if weighting == .uniform { return try difference.square().mean() }
    let weights = times.map { weighting.weight(at: $0, prediction: configuration.prediction) }
    return try (difference.square() * column(weights, like: difference)).mean()
  }

  /// The loss less a share of the same loss against the target of another sample of the batch, at the same time: outputs
  /// are also drawn away from what belongs to other prompts (Stoica et al., 2025, "Contrastive flow matching").
  ///
  /// - Parameters:
  ///   - output: The network's output, in any floating-point type; the error is taken in the clean samples'.
  ///   - clean: The batch's samples, two or more.
  ///   - noise: What was added to them.
  ///   - others: The other sample of each and its noise; nil for the next of the batch, which is in random order.
  ///   - share: How much the other target counts, 0 ..< 1; the paper's value is 0.05.
  /// - Throws: `DiffusionError.invalidSetting` for a share outside its range or, without `others`, a batch of one;
  ///   `DiffusionError.batchMismatch` if there are more or fewer times than samples; `TorchError` if shapes differ or
  ///   memory runs out.
  public func contrastiveLoss(
    output: Tensor, clean: Tensor, noise: Tensor, times: [SampleTime],
    others: (clean: Tensor, noise: Tensor)? = nil, share: Double = 0.05, weighting: LossWeighting = .uniform
  ) throws -> Tensor {
    guard share >= 0, share < 1 else {
      throw DiffusionError.invalidSetting(
        name: "the share of other samples in a contrastive loss", value: share, allowed: "0 or more and less than 1")
    }
    let others = try others ?? (clean: next(clean), noise: next(noise))
    let target = try target(clean: clean, noise: noise, times: times)
    let loss = try loss(output: output, target: target, times: times, weighting: weighting)
    let other = try self.target(clean: others.clean, noise: others.noise, times: times)
    return try loss - self.loss(output: output, target: other, times: times, weighting: weighting) * share
  }

  /// The next sample of the batch for each, the first for the last.
  private func next(_ tensor: Tensor) throws -> Tensor {
    guard let batch = tensor.shape.first, batch > 1 else {
      throw DiffusionError.invalidSetting(
        name: "the batch of a contrastive loss", value: Double(tensor.shape.first ?? 0), allowed: "two samples or more")
    }
    return try Tensor.cat([
      tensor.narrow(dim: 0, start: 1, length: batch - 1), tensor.narrow(dim: 0, start: 0, length: 1),
    ])
  }

  private func mix(_ a: Tensor, _ aFactors: [Double], _ b: Tensor, _ bFactors: [Double]) throws -> Tensor {
    try a * column(aFactors, like: a) + b * column(bFactors, like: a)
  }

  /// One number a sample, in a shape that spreads over the sample's dimensions.
  private func column(_ values: [Double], like tensor: Tensor) throws -> Tensor {
    let shape = tensor.shape
    guard let batch = shape.first, batch == values.count else {
      throw DiffusionError.batchMismatch(what: "times", expected: shape.first ?? 0, found: values.count)
    }
    let ones = [Int](repeating: 1, count: shape.count - 1)
    return try Tensor(values, shape: [batch] + ones).to(tensor.dtype).to(tensor.device)
  }
}
