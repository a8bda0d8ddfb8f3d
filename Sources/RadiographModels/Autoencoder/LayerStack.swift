import Torch
import TorchNN

/// Layers in a row, made from their descriptions.
struct LayerStack {
  /// One made layer: what it computes, what it costs and what it does to width and size.
  private enum Layer {
    case convolution(Conv2d)
    case normalisedConvolution(GroupNorm, Conv2d)
    case normalisedTransposedConvolution(GroupNorm, ConvTranspose2d)
    case residual(ConvolutionalResidual)
    case selfAttention(ImageSelfAttention)
    case pixelUnshuffle(Int)
    case pixelShuffle(Int)
    case upsample(Int)

    /// Whether the backward pass needs more of the layer than what goes into it.
    var keepsInnerResults: Bool {
      switch self {
      case .normalisedConvolution, .normalisedTransposedConvolution, .residual, .selfAttention: true
      case .convolution, .pixelUnshuffle, .pixelShuffle, .upsample: false
      }
    }
  }

  private let layers: [Layer]
  private let activation: Activation
  /// The channels that come out.
  let outputs: Int

  init(
    _ scope: ParameterScope, _ descriptions: [AutoencoderLayer], inputs: Int, _ architecture: AutoencoderArchitecture
  ) throws {
    activation = architecture.activation
    let groups = architecture.normalisationGroups
    let epsilon = architecture.normalisationEpsilon
    var channels = inputs
    var layers: [Layer] = []

    func norm(_ scope: ParameterScope) throws -> GroupNorm {
      try ArchitectureError.requireDivisible(channels, by: groups, "channels", "normalisation groups")
      return try GroupNorm(scope["norm"], groups: groups, channels: channels, epsilon: epsilon)
    }

    for (index, description) in descriptions.enumerated() {
      let place = scope["\(index)"]
      switch description {
      case .convolution(let width, let kernel, let stride):
        layers.append(.convolution(try Conv2d(place, channels, width, kernel: kernel, stride: stride)))
        channels = width
      case .normalisedConvolution(let width, let stride):
        let norm = try norm(place)
        layers.append(.normalisedConvolution(norm, try Conv2d(place["convolution"], channels, width, stride: stride)))
        channels = width
      case .normalisedTransposedConvolution(let width):
        let norm = try norm(place)
        layers.append(
          .normalisedTransposedConvolution(norm, try ConvTranspose2d(place["convolution"], channels, width)))
        channels = width
      case .normalisedResidual(let width, let stride):
        try ArchitectureError.requireDivisible(channels, by: groups, "channels", "normalisation groups")
        try ArchitectureError.requireDivisible(width, by: groups, "channels", "normalisation groups")
        layers.append(
          .residual(
            try ConvolutionalResidual(
              place, channels, width, stride: stride, normalisation: (groups, epsilon), activation)))
        channels = width
      case .residual:
        layers.append(
          .residual(try ConvolutionalResidual(place, channels, channels, stride: 1, normalisation: nil, activation)))
      case .selfAttention(let heads):
        try ArchitectureError.requireDivisible(channels, by: heads, "channels", "attention heads")
        try ArchitectureError.requireDivisible(channels, by: groups, "channels", "normalisation groups")
        layers.append(
          .selfAttention(
            try ImageSelfAttention(place, channels, heads: heads, groups: groups, epsilon: epsilon)))
      case .pixelUnshuffle(let factor):
        layers.append(.pixelUnshuffle(factor))
        channels *= factor * factor
      case .pixelShuffle(let factor):
        try ArchitectureError.requireDivisible(channels, by: factor * factor, "channels", "pixels of a block")
        layers.append(.pixelShuffle(factor))
        channels /= factor * factor
      case .upsample(let factor): layers.append(.upsample(factor))
      }
      try ArchitectureError.checkChannels(channels)
    }
    self.layers = layers
    outputs = channels
  }

  /// - Parameter checkpointing: which of the layers that keep more than what goes into them are computed again by the
  ///   backward pass.
  func callAsFunction(_ x_BCHW: Tensor, checkpointing: CheckpointingPolicy) throws -> Tensor {
    var x = x_BCHW
    var block = 0
    for layer in layers {
      var isRecomputed = false
      if layer.keepsInnerResults {
        isRecomputed = checkpointing.recomputes(block) && x.requiresGrad
        block += 1
      }
      x = isRecomputed ? try checkpointed([x]) { try output(of: layer, $0[0]) } : try output(of: layer, x)
    }
    return x
  }

  /// What comes out of each layer that computes something, but for the last of all.
  func features(_ x_BCHW: Tensor) throws -> [Tensor] {
    var x = x_BCHW
    var features: [Tensor] = []
    for layer in layers.dropLast() {
      x = try output(of: layer, x)
      if layer.keepsInnerResults { features.append(x) }
    }
    return features
  }

  private func output(of layer: Layer, _ x: Tensor) throws -> Tensor {
    switch layer {
    case .convolution(let convolution): try convolution(x)
    case .normalisedConvolution(let norm, let convolution): try convolution(activation(norm, x))
    case .normalisedTransposedConvolution(let norm, let convolution): try convolution(activation(norm, x))
    case .residual(let block): try block(x)
    case .selfAttention(let attention): try attention(x) + x
    case .pixelUnshuffle(let factor): try x.pixelUnshuffle(downscaleFactor: factor)
    case .pixelShuffle(let factor): try x.pixelShuffle(upscaleFactor: factor)
    case .upsample(let factor): try x.upsampleNearest2D(outputSize: [x.shape[2] * factor, x.shape[3] * factor])
    }
  }

  /// Floating-point operations for one square input of side `side`.
  func flops(side: Int) -> Int {
    var side = side
    var flops = 0
    for layer in layers {
      switch layer {
      case .convolution(let convolution), .normalisedConvolution(_, let convolution):
        flops += convolution.flops(side: side)
        side = convolution.outputSide(side)
      case .normalisedTransposedConvolution(_, let convolution):
        flops += convolution.flops(side: side)
        side = convolution.outputSide(side)
      case .residual(let block):
        flops += block.flops(side: side)
        side = block.outputSide(side)
      case .selfAttention(let attention): flops += attention.flops(side: side)
      case .pixelUnshuffle(let factor): side /= factor
      case .pixelShuffle(let factor), .upsample(let factor): side *= factor
      }
    }
    return flops
  }
}
