import CTorch

extension Tensor {
  /// Says whether gradients are recorded for this leaf; returns it.
  @discardableResult
  public func setRequiresGrad(_ value: Bool) throws -> Tensor {
    let functions = try LibTorch.api().pointee.functions
    try check { functions.set_requires_grad(handle, value, $0) }
    return self
  }

  /// The gradient that backward passes have added up, if any.
  public var grad: Tensor? {
    get throws {
      let functions = try LibTorch.api().pointee.functions
      var out: OpaquePointer?
      try check { functions.grad(handle, &out, $0) }
      return try out.map { try Tensor(owning: $0) }
    }
  }

  /// Replaces the gradient; nil removes it and frees its memory.
  public func setGrad(_ gradient: Tensor?) throws {
    let functions = try LibTorch.api().pointee.functions
    try check { functions.set_grad(handle, gradient?.handle, $0) }
  }

  /// Adds the gradient of this tensor to every leaf that it was computed from.
  ///
  /// - Parameter gradient: the gradient of the final loss by this tensor; may be left out for a single number.
  public func backward(gradient: Tensor? = nil) throws {
    let functions = try LibTorch.api().pointee.functions
    try check { functions.backward(handle, gradient?.handle, $0) }
  }
}

/// Runs `body` without recording gradients; what was set before is restored, also when it throws.
public func withoutGradients<Result>(_ body: () throws -> Result) throws -> Result {
  let functions = try LibTorch.api().pointee.functions
  let wasEnabled = functions.grad_enabled()
  functions.set_grad_enabled(false)
  defer { functions.set_grad_enabled(wasEnabled) }
  return try body()
}

/// Runs `body` with autocast: matrix products and convolutions in `dtype`, the rest as PyTorch's lists say.
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
