import CTorch

// B batch, C channels, H height, W width

extension Tensor {
  /// Whether ``groupNormPointwise(groups:weight:bias:epsilon:offset:gain:shift:silu:)`` takes this tensor: a float32
  /// image on a CPU that lies channels-last, of which no gradient is asked.
  public var takesGroupNormPointwise: Bool {
    shape.count == 4 && dtype == .float32 && device == .cpu && !requiresGrad && isContiguous(.channelsLast)
  }

  /// Group normalisation with what stands around it, for inference on a CPU, in one operation:
  /// `gain * groupNorm(x + offset) + shift`, and SiLU of it on request.
  ///
  /// - Parameters:
  ///   - offset, gain, shift: `[B, C, 1, 1]` or `[1, C, 1, 1]`, float32.
  /// - Returns: the shape of the input, channels-last.
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func groupNormPointwise(
    groups: Int, weight: Tensor, bias: Tensor, epsilon: Double, offset: Tensor? = nil, gain: Tensor? = nil,
    shift: Tensor? = nil, silu: Bool
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.group_norm_pointwise(
        handle, groups, weight.handle, bias.handle, epsilon, offset?.handle, gain?.handle, shift?.handle, silu, out,
        error)
    }
  }

  /// Whether ``groupNormTraining(groups:weight:bias:epsilon:offset:gain:shift:silu:)`` takes this tensor: a bfloat16 image
  /// on a CPU that lies channels-last, as autocast leaves it.
  public var takesGroupNormTraining: Bool {
    shape.count == 4 && !shape.contains(0) && dtype == .bfloat16 && device == .cpu && isContiguous(.channelsLast)
  }

  /// Group normalisation with what stands around it, for training on a CPU in bfloat16, in one operation:
  /// `gain * groupNorm(x + offset) + shift`, and SiLU of it on request. It is computed in float32 and rounded once, and
  /// the backward pass keeps nothing but the input.
  ///
  /// - Parameters:
  ///   - weight, bias: `[C]`, float32.
  ///   - offset, gain, shift: `[B, C, 1, 1]` or `[1, C, 1, 1]`, of any type.
  /// - Returns: the shape and type of the input, channels-last.
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func groupNormTraining(
    groups: Int, weight: Tensor, bias: Tensor, epsilon: Double, offset: Tensor? = nil, gain: Tensor? = nil,
    shift: Tensor? = nil, silu: Bool
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.group_norm_training(
        handle, groups, weight.handle, bias.handle, epsilon, offset?.handle, gain?.handle, shift?.handle, silu, out,
        error)
    }
  }
}
