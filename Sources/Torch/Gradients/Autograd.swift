import CTorch

extension Tensor {
  /// Sets whether gradients are recorded for this leaf, and returns it.
  ///
  /// - Throws: `TorchError` for a tensor that is not a leaf or does not hold floating-point numbers.
  @discardableResult
  public func setRequiresGrad(_ value: Bool) throws -> Tensor {
    let functions = try LibTorch.api().pointee.functions
    try check { functions.set_requires_grad(handle, value, $0) }
    return self
  }

  /// The gradient that backward passes have added up, if any.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public var grad: Tensor? {
    get throws {
      let functions = try LibTorch.api().pointee.functions
      var out: OpaquePointer?
      try check { functions.grad(handle, &out, $0) }
      return try out.map { try Tensor(owning: $0) }
    }
  }

  /// Replaces the gradient; nil removes it and frees its memory.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func setGrad(_ gradient: Tensor?) throws {
    let functions = try LibTorch.api().pointee.functions
    try check { functions.set_grad(handle, gradient?.handle, $0) }
  }

  /// Adds the gradient of this tensor to every leaf that it was computed from.
  ///
  /// - Parameter gradient: the gradient of the final loss by this tensor; may be left out for a single number.
  /// - Throws: `TorchError` if nothing that leads here requires a gradient, or the tensor is not a single number and
  ///   `gradient` is nil; what the body of a checkpoint throws when it runs again.
  public func backward(gradient: Tensor? = nil) throws {
    let functions = try LibTorch.api().pointee.functions
    try check { functions.backward(handle, gradient?.handle, $0) }
  }
}

/// Runs `body` without recording gradients; what was set before is restored, also if it throws.
///
/// - Throws: what `body` throws, and ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
public func withoutGradients<Result>(_ body: () throws -> Result) throws -> Result {
  let functions = try LibTorch.api().pointee.functions
  let wasEnabled = functions.grad_enabled()
  functions.set_grad_enabled(false)
  defer { functions.set_grad_enabled(wasEnabled) }
  return try body()
}

/// Runs `body` with autocast: matrix products and convolutions in `dtype`, the rest as PyTorch's lists say.
///
/// - Throws: what `body` throws; `TorchError` for a type that autocast does not have.
public func withAutocast<Result>(
  _ dtype: DType, on device: Device = .cpu, _ body: () throws -> Result
) throws -> Result {
  let functions = try LibTorch.api().pointee.functions
  let kind = device.code.kind
  let wasEnabled = functions.autocast_enabled(kind)
  let previous = functions.autocast_dtype(kind)
  try check { functions.autocast_enter(kind, dtype.code, $0) }
  defer { functions.autocast_leave(kind, wasEnabled, previous) }
  return try body()
}
