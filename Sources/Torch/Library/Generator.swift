import CTorch

/// A source of random numbers: PyTorch's CPU generator (Mersenne Twister), whose stream `torch.Generator` gives for
/// the same seed. There is no global generator: every draw names one.
public final class Generator {
  let handle: OpaquePointer

  /// A generator that gives the numbers of PyTorch's after `manual_seed(seed)`.
  ///
  /// - Throws: `TorchError` if LibTorch cannot be opened or memory runs out.
  public init(seed: UInt64) throws {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.functions.generator_make(seed, &out, $0) }
    guard let out else { throw TorchError.operationFailed("no generator was made") }
    handle = out
  }

  deinit {
    if let api = try? LibTorch.api() { api.pointee.functions.generator_release(handle) }
  }

  /// The whole state, to be stored in a checkpoint.
  ///
  /// - Throws: `TorchError` if LibTorch cannot be opened or memory runs out.
  public func state() throws -> [UInt8] {
    try stateTensor().bytes()
  }

  /// Continues from a stored state.
  ///
  /// - Throws: `TorchError` for bytes that are not the state of a generator.
  public func restore(_ state: [UInt8]) throws {
    try restore(Tensor(bytes: state, shape: [state.count], dtype: .uint8))
  }

  func stateTensor() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.functions.generator_state(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  func restore(_ state: Tensor) throws {
    let api = try LibTorch.api()
    try check { api.pointee.functions.generator_restore(handle, state.handle, $0) }
  }
}
