import Torch
import TorchNN

// B batch, C channels, H height, W width, S tokens, E width of the time embedding

/// The denoiser: latent, time and text to a prediction of the latent's shape. One implementation for every
/// ``UNetArchitecture``.
///
/// What depends on the time alone and what depends on the text alone is computed apart, once for a schedule and once
/// for a prompt:
///
///     let context = try unet.contextConditioning(condition)
///     for time in try unet.timeConditionings(at: schedule, batch: 2, pooled_BE: condition.pooled_BE) {
///       prediction = try unet(latent, time, context)
///     }
public struct UNet {
  /// The network as a list of steps over one running feature map and a stack of kept ones.
  enum Step {
    /// A block, by its place in `blocks`; keeps its result if the architecture says so.
    case block(Int)
    /// A block over the running map and the last kept one.
    case blockWithSkip(Int)
    /// Keeps the running map.
    case keep
    case resample(FeatureResampling)
  }

  public let architecture: UNetArchitecture
  let time: TimeEmbedding
  let input: Conv2d
  let blocks: [ResidualBlock]
  let steps: [Step]
  let outputNorm: GroupNorm
  let output: Conv2d

  /// Takes the parameters `time...`, `input...`, `down.L.blocks.I...`, `down.L.downsample...`, `middle.I...`,
  /// `up.L.blocks.I...`, `up.L.upsample...` and `output...`, L being the level on the way down and on the way up.
  ///
  /// - Throws: ``ArchitectureError`` if the sizes do not fit together; `ParameterError`; `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: UNetArchitecture) throws {
    try ArchitectureError.check(architecture)
    self.architecture = architecture
    let levels = architecture.levels
    let keepsEverything = architecture.skips == .everyFeature
    let middle = architecture.middle
    time = try TimeEmbedding(scope["time"], architecture.timeEmbedding)
    input = try Conv2d(scope["input"], architecture.latentChannels, levels[0].channels)
    var channels = levels[0].channels
    var kept = keepsEverything ? [channels] : []
    var blocks: [ResidualBlock] = []
    var steps: [Step] = keepsEverything ? [.keep] : []

    func block(
      _ place: ParameterScope, to outputs: Int, skip: Int = 0, _ isSelf: Bool, _ isCross: Bool
    ) throws -> Int {
      blocks.append(
        try ResidualBlock(
          place, channels + skip, outputs, architecture, attendsToSelf: isSelf, attendsToText: isCross))
      channels = outputs
      return blocks.count - 1
    }

    for (index, level) in levels.enumerated() {
      let place = scope["down", index]
      for i in 0..<level.blocks {
        let block = try block(
          place["blocks", i], to: level.channels, level.selfAttention.contains(i, of: level.blocks),
          level.crossAttention.contains(i, of: level.blocks))
        steps += [.block(block), .keep]
        kept.append(channels)
      }
      if index + 1 < levels.count {
        let down = try FeatureResampling.down(
          place["downsample"], from: channels, to: levels[index + 1].channels, architecture.downsampling)
        channels = down.outputs
        steps.append(.resample(down))
        if keepsEverything {
          steps.append(.keep)
          kept.append(channels)
        }
      }
    }
    for i in 0..<middle.blocks {
      steps.append(
        .block(
          try block(
            scope["middle", i], to: channels, middle.selfAttention.contains(i, of: middle.blocks),
            middle.crossAttention.contains(i, of: middle.blocks))))
    }
    for (index, level) in levels.enumerated().reversed() {
      let place = scope["up", index]
      let count = level.blocks + (keepsEverything ? 1 : 0)
      for i in 0..<count {
        let block = try block(
          place["blocks", i], to: level.channels, skip: kept.removeLast(), level.selfAttention.contains(i, of: count),
          level.crossAttention.contains(i, of: count))
        steps.append(.blockWithSkip(block))
      }
      if index > 0 {
        let up = try FeatureResampling.up(
          place["upsample"], from: channels, to: levels[index - 1].channels, architecture.upsampling)
        channels = up.outputs
        steps.append(.resample(up))
      }
    }
    self.blocks = blocks
    self.steps = steps
    outputNorm = try GroupNorm(
      scope["output.norm"], groups: architecture.normalisationGroups, channels: channels,
      epsilon: architecture.normalisationEpsilon)
    output = try Conv2d(
      scope["output.convolution"], channels, architecture.latentChannels,
      initialisation: architecture.startsAtZero ? .zeros : nil)
  }

  /// The prediction for every latent.
  ///
  /// - Parameters:
  ///   - latent_BCHW: square or not, both sides multiples of ``UNetArchitecture/latentSideMultiple``.
  ///   - time: one row a latent.
  ///   - context: one row a latent.
  ///   - dropout: draw what is dropped while training, one generator for all rows or one for each; nil for use.
  ///   - checkpointing: which blocks the backward pass computes again instead of keeping their results.
  /// - Throws: ``ArchitectureError`` for a latent of another shape; `TorchError`.
  public func callAsFunction(
    _ latent_BCHW: Tensor, _ time: TimeConditioning, _ context: ContextConditioning, dropout: [Generator]? = nil,
    checkpointing: CheckpointingPolicy = .none
  ) throws -> Tensor {
    try ArchitectureError.check(latent: latent_BCHW.shape, architecture)
    var attention = 0
    func run(_ index: Int, _ x: Tensor) throws -> Tensor {
      let block = blocks[index]
      var keysAndValues: KeysAndValues?
      if block.crossAttention != nil {
        keysAndValues = context.attentions[attention]
        attention += 1
      }
      if checkpointing.recomputes(index) {
        return try block.checkpointedCall(x, time.blocks[index], keysAndValues, context.mask_B11S, dropout)
      }
      return try block(
        x, time.blocks[index], context: keysAndValues, mask_B11S: context.mask_B11S, dropout: dropout)
    }
    var h = try input(latent_BCHW)
    var kept: [Tensor] = []
    for step in steps {
      switch step {
      case .block(let index): h = try run(index, h)
      case .blockWithSkip(let index): h = try run(index, Tensor.cat([h, kept.removeLast()], dim: 1))
      case .keep: kept.append(h)
      case .resample(let resampling): h = try resampling(h)
      }
    }
    return try output(outputNorm.silu(h))
  }
}

// MARK: - What is computed once

extension UNet {
  /// What the blocks need of the times, one row each.
  ///
  /// - Parameters:
  ///   - times_B: times in the units of the schedule that the network was trained with.
  ///   - pooled_BE: the pooled text, added to the time embedding.
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func timeConditioning(at times_B: Tensor, pooled_BE: Tensor? = nil) throws -> TimeConditioning {
    var embedding_BE = try time(times_B)
    if let pooled_BE { embedding_BE = try embedding_BE + pooled_BE }
    let activated_BE = try embedding_BE.silu()
    return TimeConditioning(blocks: try blocks.map { try $0.conditioning(activated_BE) })
  }

  /// The same for every time of a schedule at once: one conditioning a time, each for a batch of `batch` rows.
  ///
  /// - Parameter pooled_BE: the pooled text of the `batch` rows.
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func timeConditionings(
    at times: [Double], batch: Int, pooled_BE: Tensor? = nil
  ) throws -> [TimeConditioning] {
    guard !times.isEmpty else { return [] }
    let device = try input.weight.value.device
    let rows = try Tensor(times.flatMap { [Float](repeating: Float($0), count: batch) }, shape: [times.count * batch])
    let all = try timeConditioning(
      at: rows.to(device), pooled_BE: pooled_BE.map { try $0.repeat(repeats: [times.count, 1]) })
    return try times.indices.map { index in
      TimeConditioning(blocks: try all.blocks.map { try $0.rows(index * batch, batch) })
    }
  }

  /// The keys and values of every cross-attention.
  ///
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func contextConditioning(_ text: TextCondition) throws -> ContextConditioning {
    ContextConditioning(
      attentions: try blocks.compactMap { try $0.crossAttention?.keysAndValues(text.context_BSC) },
      mask_B11S: try text.mask_BS.map { try $0.unsqueeze(dim: 1).unsqueeze(dim: 1) })
  }

  /// Latent, times and text in one call, as training has them.
  ///
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func callAsFunction(
    _ latent_BCHW: Tensor, times_B: Tensor, text: TextCondition, dropout: [Generator]? = nil,
    checkpointing: CheckpointingPolicy = .none
  ) throws -> Tensor {
    try self(
      latent_BCHW, timeConditioning(at: times_B, pooled_BE: text.pooled_BE), contextConditioning(text),
      dropout: dropout, checkpointing: checkpointing)
  }
}

// MARK: - What it costs

extension UNet {
  /// Floating-point operations of one call for one square latent, a multiply-add counted as two.
  public func flops(latentSide: Int, tokens: Int) -> Int {
    var side = latentSide
    var flops = input.flops(side: side)
    for step in steps {
      switch step {
      case .block(let index), .blockWithSkip(let index): flops += blocks[index].flops(side: side, tokens: tokens)
      case .keep: break
      case .resample(let resampling):
        flops += resampling.flops(side: side)
        side = resampling.outputSide(side)
      }
    }
    return flops + output.flops(side: side)
  }

  /// What a prompt costs once.
  public func contextFlops(tokens: Int) -> Int {
    blocks.reduce(0) { $0 + ($1.crossAttention?.contextFlops(tokens: tokens) ?? 0) }
  }

  /// What a time costs once.
  public func timeFlops() -> Int { time.flops(rows: 1) + blocks.reduce(0) { $0 + $1.timeFlops(rows: 1) } }
}
