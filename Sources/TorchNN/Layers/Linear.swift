import Torch

/// `y = x W^T + b` over the last dimension, as `torch.nn.Linear`.
public struct Linear {
  public let inputs: Int
  public let outputs: Int
  public let weight: Parameter
  public let bias: Parameter?

  /// - Parameter initialisation: the rule of the weights; nil for PyTorch's own, which the bias always has.
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
  public init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, bias: Bool = true,
    initialisation: Initialisation? = nil
  ) throws {
    self.inputs = inputs
    self.outputs = outputs
    let standard = Initialisation.kaimingUniform(fanIn: inputs)
    weight = try scope.parameter("weight", [outputs, inputs], initialisation ?? standard)
    self.bias = bias ? try scope.parameter("bias", [outputs], initialisation == .zeros ? .zeros : standard) : nil
  }

  /// - Parameter x: `[..., inputs]`.
  /// - Returns: `[..., outputs]`.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.linear(weight: weight.value, bias: bias?.value)
  }

  /// Floating-point operations for `rows` rows; a multiply-add counts as two.
  public func flops(rows: Int) -> Int { 2 * rows * inputs * outputs }
}
