import Torch

/// Operations on the gradients of a set of parameters.
public enum Gradients {
  /// Scales all gradients so that their joint L2 norm is at most `maximumNorm`, as
  /// `torch.nn.utils.clip_grad_norm_` does.
  ///
  /// - Returns: the norm before scaling; not finite if a gradient is not, in which case nothing is scaled and the
  ///   caller decides. 0 if no parameter has a gradient.
  /// - Throws: `TorchError` if memory runs out.
  @discardableResult
  public static func clip(_ parameters: [Parameter], toNorm maximumNorm: Double) throws -> Double {
    try withoutGradients {
      let gradients = try parameters.compactMap { try $0.value.grad }
      let norm = try globalNorm(gradients)
      // The small number is PyTorch's, for the same results.
      let factor = maximumNorm / (norm + 1e-6)
      if norm.isFinite, factor < 1 { try Tensor.foreachMulInPlace(gradients, scalar: factor) }
      return norm
    }
  }

  /// The L2 norm of all gradients together.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public static func norm(_ parameters: [Parameter]) throws -> Double {
    try withoutGradients { try globalNorm(parameters.compactMap { try $0.value.grad }) }
  }

  /// Multiplies every gradient, for the mean over accumulated batches.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public static func scale(_ parameters: [Parameter], by factor: Double) throws {
    try withoutGradients {
      let gradients = try parameters.compactMap { try $0.value.grad }
      if !gradients.isEmpty { try Tensor.foreachMulInPlace(gradients, scalar: factor) }
    }
  }

  private static func globalNorm(_ gradients: [Tensor]) throws -> Double {
    guard !gradients.isEmpty else { return 0 }
    let norms = try Tensor.foreachNorm(gradients).map { try $0.to(.float32) }
    return try Tensor.stack(norms).linalgVectorNorm().item()
  }
}
