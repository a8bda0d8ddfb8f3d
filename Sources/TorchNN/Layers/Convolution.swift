import Torch

// B batch, C channels, H height, W width

/// Two-dimensional convolution with square kernel and equal padding on all sides, as `torch.nn.Conv2d`.
public struct Conv2d {
  public let inputs: Int
  public let outputs: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int
  public let weight: Parameter
  public let bias: Parameter?

  /// - Parameters:
  ///   - padding: zeros added on each side; nil for `kernel / 2`, which keeps the size at stride 1.
  ///   - initialisation: the rule of the weights; nil for PyTorch's own, which the bias always has.
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
  public init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil,
    bias: Bool = true, initialisation: Initialisation? = nil
  ) throws {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel
    self.stride = stride
    self.padding = padding ?? kernel / 2
    let standard = Initialisation.kaimingUniform(fanIn: inputs * kernel * kernel)
    weight = try scope.parameter("weight", [outputs, inputs, kernel, kernel], initialisation ?? standard)
    self.bias = bias ? try scope.parameter("bias", [outputs], initialisation == .zeros ? .zeros : standard) : nil
  }

  /// - Parameters:
  ///   - x_BCHW: `[B, inputs, H, W]`.
  ///   - activation: applied to the result.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ x_BCHW: Tensor, activation: Tensor.FusedActivation = .none) throws -> Tensor {
    if let quantised = try quantisedWeight(for: x_BCHW) {
      return try x_BCHW.quantisedConv2d(
        weight: quantised, bias: bias?.value, stride: stride, padding: [padding, padding], activation: activation)
    }
    if let packed = try packedWeight(for: x_BCHW) {
      return try x_BCHW.packedConv2d(
        weight: packed, bias: bias?.value, stride: stride, padding: [padding, padding], activation: activation)
    }
    let y = try x_BCHW.conv2d(
      weight: weight.value, bias: bias?.value, stride: [stride, stride], padding: [padding, padding])
    return switch activation {
    case .none: y
    case .silu: try y.silu()
    case .relu: try y.relu()
    }
  }

  /// With fewer channels, on either side, a convolution is not computed in 8-bit integers: it takes little time, and what
  /// stands at the ends of a network is seen as it is.
  public static let quantisedChannels = 32

  /// The weights in 8-bit integers if they may be used: fixed values that may be rounded, on a CPU, no gradients, float32. Kernels
  /// of one pixel gain little by it.
  private func quantisedWeight(for x_BCHW: Tensor) throws -> QuantisedWeight? {
    guard weight.isFixed, weight.mayBeQuantised, kernel > 1, min(inputs, outputs) >= Self.quantisedChannels,
      x_BCHW.device == .cpu, !x_BCHW.requiresGrad, x_BCHW.dtype == .float32, try weight.value.dtype == .float32
    else { return nil }
    return try weight.quantised {
      try $0.quantisedForConv2d(
        stride: stride, padding: [padding, padding], inputShape: [2] + x_BCHW.shape.dropFirst())
    }
  }

  /// The packed weights if they may be used: fixed values, on a CPU, no gradients, one type throughout.
  private func packedWeight(for x_BCHW: Tensor) throws -> Tensor? {
    guard weight.isFixed, x_BCHW.device == .cpu, !x_BCHW.requiresGrad,
      try x_BCHW.dtype == weight.value.dtype, try Tensor.packsConvolutions(of: x_BCHW.dtype)
    else { return nil }
    // For kernels of one pixel oneDNN wants another layout for another batch, and would bring the weights to it in every call,
    // slowly. The others have one layout whatever batch comes first, so that no result depends on what ran before.
    let batch = kernel == 1 ? x_BCHW.shape[0] : 2
    return try weight.packed(forBatch: batch) {
      try $0.packedForConv2d(
        stride: stride, padding: [padding, padding], inputShape: [batch] + x_BCHW.shape.dropFirst())
    }
  }

  /// The side of the output for a square input.
  public func outputSide(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }

  /// Floating-point operations for one square input; a multiply-add counts as two.
  public func flops(side: Int) -> Int {
    let output = outputSide(side)
    return 2 * output * output * inputs * outputs * kernel * kernel
  }
}

/// Transposed convolution with square kernel, as `torch.nn.ConvTranspose2d`.
public struct ConvTranspose2d {
  public let inputs: Int
  public let outputs: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int
  public let weight: Parameter
  public let bias: Parameter?

  /// A transposed convolution whose parameters are `weight` and, with `bias`, `bias` of `scope`.
  ///
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
  public init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int = 4, stride: Int = 2, padding: Int = 1,
    bias: Bool = true
  ) throws {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    // PyTorch takes the second dimension for the fan-in, which here is the number of outputs.
    let standard = Initialisation.kaimingUniform(fanIn: outputs * kernel * kernel)
    weight = try scope.parameter("weight", [inputs, outputs, kernel, kernel], standard)
    self.bias = bias ? try scope.parameter("bias", [outputs], standard) : nil
  }

  /// - Parameter x_BCHW: `[B, inputs, H, W]`.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try x_BCHW.convTranspose2D(
      weight: weight.value, bias: bias?.value, stride: [stride, stride], padding: [padding, padding])
  }

  /// The side of the output for a square input.
  public func outputSide(_ side: Int) -> Int { (side - 1) * stride - 2 * padding + kernel }

  /// Floating-point operations for one square input; a multiply-add counts as two.
  public func flops(side: Int) -> Int { 2 * side * side * inputs * outputs * kernel * kernel }
}
