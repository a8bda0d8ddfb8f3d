import Torch

/// Normalisation over groups of channels and all positions (Wu and He, 2018), as `torch.nn.GroupNorm`.
public struct GroupNorm {
  public let groups: Int
  public let channels: Int
  public let epsilon: Double
  public let weight: Parameter
  public let bias: Parameter

  public init(_ scope: ParameterScope, groups: Int, channels: Int, epsilon: Double = 1e-5) throws {
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    weight = try scope.parameter("weight", [channels], .ones)
    bias = try scope.parameter("bias", [channels], .zeros)
  }

  /// - Parameter x: `[B, channels, ...]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.groupNorm(numGroups: groups, weight: weight.value, bias: bias.value, eps: epsilon)
  }
}

/// Normalisation over the last dimension (Ba et al., 2016), as `torch.nn.LayerNorm`.
public struct LayerNorm {
  public let width: Int
  public let epsilon: Double
  public let weight: Parameter
  public let bias: Parameter

  public init(_ scope: ParameterScope, _ width: Int, epsilon: Double = 1e-5) throws {
    self.width = width
    self.epsilon = epsilon
    weight = try scope.parameter("weight", [width], .ones)
    bias = try scope.parameter("bias", [width], .zeros)
  }

  /// - Parameter x: `[..., width]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.layerNorm(normalizedShape: [width], weight: weight.value, bias: bias.value, eps: epsilon)
  }
}
