import Torch
import TorchNN

/// Two 3x3 convolutions around the input, with or without group normalisation before each.
struct ConvolutionalResidual {
  private let norm1: GroupNorm?
  private let convolution1: Conv2d
  private let norm2: GroupNorm?
  private let convolution2: Conv2d
  private let shortcut: Conv2d?
  private let activation: Activation

  /// - Parameter normalisation: the groups and the epsilon, or nil for none. Without it the branch starts small,
  ///   so that a deep stack begins near the identity.
  init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, stride: Int,
    normalisation: (groups: Int, epsilon: Double)?, _ activation: Activation
  ) throws {
    self.activation = activation
    norm1 = try normalisation.map {
      try GroupNorm(scope["norm1"], groups: $0.groups, channels: inputs, epsilon: $0.epsilon)
    }
    convolution1 = try Conv2d(scope["convolution1"], inputs, outputs, stride: stride)
    norm2 = try normalisation.map {
      try GroupNorm(scope["norm2"], groups: $0.groups, channels: outputs, epsilon: $0.epsilon)
    }
    let small = Initialisation.kaimingUniform(fanIn: outputs * 9).scaled(by: 0.2)
    convolution2 = try Conv2d(
      scope["convolution2"], outputs, outputs, initialisation: normalisation == nil ? small : nil)
    shortcut =
      inputs == outputs && stride == 1
      ? nil : try Conv2d(scope["shortcut"], inputs, outputs, kernel: 1, stride: stride)
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    let input = try norm1.map { try activation($0, x_BCHW) } ?? activation(x_BCHW)
    let h = try norm2.map { try activation($0, convolution1(input)) } ?? activation(convolution1, input)
    return try convolution2(h) + (shortcut?(x_BCHW) ?? x_BCHW)
  }

  func outputSide(_ side: Int) -> Int { convolution1.outputSide(side) }

  func flops(side: Int) -> Int {
    convolution1.flops(side: side) + convolution2.flops(side: outputSide(side)) + (shortcut?.flops(side: side) ?? 0)
  }
}
