import Torch
import TorchNN

// B batch, C channels, H height, W width

/// A convolution without bias, batch normalisation by running values, and ReLU: the `BasicConv2d` of Inception networks,
/// for inference alone. The normalisation is folded into weights and bias at the first call, in double precision.
final class NormalisedConvolution {
  /// Height and width.
  typealias Sides = (height: Int, width: Int)

  private let weight: Parameter
  private let gain: Parameter
  private let shift: Parameter
  private let mean: Parameter
  private let variance: Parameter
  private let epsilon: Double
  private let stride: Int
  private let padding: [Int]
  private var folded: Folded?

  private struct Folded {
    let weight: Tensor
    let bias: Tensor
    /// `weight` in the layout that oneDNN computes with; nil if there is none here.
    let packed: Tensor?
  }

  /// Takes `conv.weight` and `bn.weight`, `bn.bias`, `bn.running_mean`, `bn.running_var` of `scope`.
  ///
  /// - Parameter padding: Zeros on each side; nil for none.
  /// - Throws: `ParameterError`, `TorchError`.
  init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Sides, stride: Int = 1, padding: Sides? = nil,
    epsilon: Double = 1e-3
  ) throws {
    weight = try scope["conv"].parameter(
      "weight", [outputs, inputs, kernel.height, kernel.width],
      .kaimingUniform(fanIn: inputs * kernel.height * kernel.width))
    let norm = scope["bn"]
    gain = try norm.parameter("weight", [outputs], .ones)
    shift = try norm.parameter("bias", [outputs], .zeros)
    mean = try norm.buffer("running_mean", [outputs], .zeros)
    variance = try norm.buffer("running_var", [outputs], .ones)
    self.epsilon = epsilon
    self.stride = stride
    self.padding = padding.map { [$0.height, $0.width] } ?? [0, 0]
  }

  /// A square kernel.
  convenience init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0
  ) throws {
    try self.init(
      scope, inputs, outputs, kernel: (kernel, kernel), stride: stride, padding: (padding, padding))
  }

  /// - Parameters:
  ///   - x_BCHW: `[B, inputs, H, W]`; or `[B, 1, H, W]` for images whose channels are all the same.
  ///   - activation: Applied to the result.
  /// - Throws: `TorchError` if the input's shape does not fit, or memory runs out.
  func callAsFunction(_ x_BCHW: Tensor, activation: Tensor.FusedActivation = .relu) throws -> Tensor {
    let folded = try self.folded ?? fold(for: x_BCHW)
    self.folded = folded
    if let packed = folded.packed {
      return try x_BCHW.packedConv2d(
        weight: packed, bias: folded.bias, stride: stride, padding: padding, activation: activation)
    }
    let y = try x_BCHW.conv2d(
      weight: folded.weight, bias: folded.bias, stride: [stride, stride], padding: padding)
    return switch activation {
    case .none: y
    case .silu: try y.silu()
    case .relu: try y.relu()
    }
  }

  private func fold(for x_BCHW: Tensor) throws -> Folded {
    let dtype = x_BCHW.dtype
    let scale = try gain.value.to(.float64) * (variance.value.to(.float64) + epsilon).rsqrt()
    let bias = try shift.value.to(.float64) - mean.value.to(.float64) * scale
    var weight = try self.weight.value.to(.float64)
    if x_BCHW.shape[1] == 1, weight.shape[1] > 1 { weight = try weight.sum(dim: [1], keepdim: true) }
    weight = try (weight * scale.reshape([-1, 1, 1, 1])).to(dtype).contiguous(memoryFormat: .channelsLast)
    var packed: Tensor?
    if x_BCHW.device == .cpu, try Tensor.packsConvolutions(of: dtype) {
      // One layout whatever batch comes first, so that no result depends on what ran before.
      packed = try weight.packedForConv2d(
        stride: stride, padding: padding, inputShape: [16] + x_BCHW.shape.dropFirst())
    }
    return Folded(weight: weight, bias: try bias.to(dtype), packed: packed)
  }
}
