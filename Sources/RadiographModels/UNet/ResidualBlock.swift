import Torch
import TorchNN

// B batch, C channels, H height, W width, E width of the time embedding

/// The residual block of a U-Net with its attentions.
struct ResidualBlock {
  let inputs: Int
  let outputs: Int
  let crossAttention: ImageCrossAttention?
  private let norm1: GroupNorm
  private let convolution1: Conv2d
  private let time: Linear
  private let norm2: GroupNorm
  private let dropout: Dropout
  private let convolution2: Conv2d
  private let shortcut: Conv2d?
  private let selfAttention: ImageSelfAttention?
  private let conditioning: UNetArchitecture.Conditioning
  private let placement: UNetArchitecture.AttentionPlacement

  init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, _ architecture: UNetArchitecture, attendsToSelf: Bool,
    attendsToText: Bool
  ) throws {
    self.inputs = inputs
    self.outputs = outputs
    conditioning = architecture.conditioning
    placement = architecture.attentionPlacement
    dropout = Dropout(architecture.dropout)
    let groups = architecture.normalisationGroups
    let epsilon = architecture.normalisationEpsilon
    let last: Initialisation? = architecture.startsAtZero ? .zeros : nil
    for channels in [inputs, outputs] {
      try ArchitectureError.requireDivisible(channels, by: groups, "channels", "normalisation groups")
    }
    norm1 = try GroupNorm(scope["norm1"], groups: groups, channels: inputs, epsilon: epsilon)
    convolution1 = try Conv2d(scope["convolution1"], inputs, outputs)
    time = try Linear(
      scope["time"], architecture.timeEmbedding.width, conditioning == .scaleAndShift ? 2 * outputs : outputs)
    norm2 = try GroupNorm(scope["norm2"], groups: groups, channels: outputs, epsilon: epsilon)
    convolution2 = try Conv2d(scope["convolution2"], outputs, outputs, initialisation: last)
    shortcut = inputs == outputs ? nil : try Conv2d(scope["shortcut"], inputs, outputs, kernel: 1)
    let heads =
      attendsToSelf || attendsToText ? try architecture.attentionHeads.count(channels: outputs) : 1
    selfAttention =
      attendsToSelf
      ? try ImageSelfAttention(
        scope["selfAttention"], outputs, heads: heads, groups: groups, epsilon: epsilon, outputInitialisation: last)
      : nil
    crossAttention =
      attendsToText
      ? try ImageCrossAttention(
        scope["crossAttention"], outputs, contextWidth: architecture.contextWidth, heads: heads, groups: groups,
        epsilon: epsilon, outputInitialisation: last) : nil
  }

  /// The part that depends on the time alone.
  ///
  /// - Parameter activated_BE: the time embedding after its activation.
  func conditioning(_ activated_BE: Tensor) throws -> BlockConditioning {
    let projection_BC11 = try time(activated_BE).unsqueeze(dim: 2).unsqueeze(dim: 3)
    switch conditioning {
    case .addition: return BlockConditioning(gain_BC11: nil, shift_BC11: projection_BC11)
    case .scaleAndShift:
      let parts = try projection_BC11.chunk(chunks: 2, dim: 1)
      return BlockConditioning(gain_BC11: try parts[0] + 1, shift_BC11: parts[1])
    }
  }

  func callAsFunction(
    _ x_BCHW: Tensor, _ time: BlockConditioning, context: KeysAndValues?, mask_B11S: Tensor?,
    dropout generators: [Generator]?
  ) throws -> Tensor {
    var h = try convolution1(norm1.silu(x_BCHW))
    if let gain_BC11 = time.gain_BC11 {
      h = try norm2.silu(h, gain: gain_BC11, shift: time.shift_BC11)
    } else {
      h = try norm2.silu(h, offset: time.shift_BC11)
    }
    h = try convolution2(dropout(h, generators: generators))
    switch placement {
    case .insideResidual:
      return try attended(h, context, mask_B11S) + (shortcut?(x_BCHW) ?? x_BCHW)
    case .afterResidual:
      return try attended(h + (shortcut?(x_BCHW) ?? x_BCHW), context, mask_B11S)
    }
  }

  private func attended(_ h_BCHW: Tensor, _ context: KeysAndValues?, _ mask_B11S: Tensor?) throws -> Tensor {
    var h = h_BCHW
    if let selfAttention { h = try selfAttention(h) + h }
    if let crossAttention, let context { h = try crossAttention(h, context, mask_B11S: mask_B11S) + h }
    return h
  }

  /// What every call costs for one square input.
  func flops(side: Int, tokens: Int) -> Int {
    convolution1.flops(side: side) + convolution2.flops(side: side) + (shortcut?.flops(side: side) ?? 0)
      + (selfAttention?.flops(side: side) ?? 0) + (crossAttention?.flops(side: side, tokens: tokens) ?? 0)
  }

  /// What the time costs, once for a step.
  func timeFlops(rows: Int) -> Int { time.flops(rows: rows) }
}
