import Torch

/// Normalisation over groups of channels and all positions (Wu and He, 2018), as `torch.nn.GroupNorm`.
public struct GroupNorm {
  public let groups: Int
  public let channels: Int
  public let epsilon: Double
  public let weight: Parameter
  public let bias: Parameter

  /// A normalisation of `groups` groups of channels; `weight` and `bias` of `scope`, both of length `channels`.
  ///
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
  public init(_ scope: ParameterScope, groups: Int, channels: Int, epsilon: Double = 1e-5) throws {
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    weight = try scope.parameter("weight", [channels], .ones)
    bias = try scope.parameter("bias", [channels], .zeros)
  }

  /// - Parameter x: `[B, channels, ...]`.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    if try computesAtOnce(x) {
      return try x.groupNormTraining(
        groups: groups, weight: weight.value, bias: bias.value, epsilon: epsilon, silu: false)
    }
    return try x.groupNorm(numGroups: groups, weight: weight.value, bias: bias.value, eps: epsilon)
  }

  /// Whether an input is one of training in bfloat16, whose weights are in float32. The same with and without
  /// gradients, so that a block which is computed again gives the same result.
  private func computesAtOnce(_ x: Tensor) throws -> Bool {
    try x.takesGroupNormTraining && weight.value.dtype == .float32 && bias.value.dtype == .float32
  }

  /// Normalisation with what a residual block has around it, `silu(gain * norm(x + offset) + shift)`: one operation
  /// on a CPU if values are fixed or the input is bfloat16, and the same as several operations otherwise.
  ///
  /// - Parameters:
  ///   - x_BCHW: `[B, channels, H, W]`.
  ///   - offset, gain, shift: `[B, channels, 1, 1]`, or of one row for all images.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func silu(
    _ x_BCHW: Tensor, offset: Tensor? = nil, gain: Tensor? = nil, shift: Tensor? = nil
  ) throws -> Tensor {
    if weight.isFixed, bias.isFixed, x_BCHW.takesGroupNormPointwise, try weight.value.dtype == .float32,
      [offset, gain, shift].allSatisfy({ $0.map { $0.dtype == .float32 && !$0.requiresGrad } ?? true })
    {
      return try x_BCHW.groupNormPointwise(
        groups: groups, weight: weight.value, bias: bias.value, epsilon: epsilon, offset: offset, gain: gain,
        shift: shift, silu: true)
    }
    if try computesAtOnce(x_BCHW) {
      return try x_BCHW.groupNormTraining(
        groups: groups, weight: weight.value, bias: bias.value, epsilon: epsilon, offset: offset, gain: gain,
        shift: shift, silu: true)
    }
    var y = try self(offset.map { try x_BCHW + $0 } ?? x_BCHW)
    switch (gain, shift) {
    case (let gain?, let shift?): y = try shift.addcmul(tensor1: y, tensor2: gain)
    case (let gain?, nil): y = try y * gain
    case (nil, let shift?): y = try y + shift
    case (nil, nil): break
    }
    return try y.silu()
  }
}

/// Normalisation over the last dimension (Ba et al., 2016), as `torch.nn.LayerNorm`.
public struct LayerNorm {
  public let width: Int
  public let epsilon: Double
  public let weight: Parameter
  public let bias: Parameter

  /// A normalisation of the last dimension, `width`; `weight` and `bias` of `scope`.
  ///
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
  public init(_ scope: ParameterScope, _ width: Int, epsilon: Double = 1e-5) throws {
    self.width = width
    self.epsilon = epsilon
    weight = try scope.parameter("weight", [width], .ones)
    bias = try scope.parameter("bias", [width], .zeros)
  }

  /// - Parameter x: `[..., width]`.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.layerNorm(normalizedShape: [width], weight: weight.value, bias: bias.value, eps: epsilon)
  }
}
