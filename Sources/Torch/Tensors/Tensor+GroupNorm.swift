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
}
