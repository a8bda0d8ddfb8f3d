import CTorch
import Synchronization

/// Runs `body` without keeping its intermediate results; the backward pass runs it again.
///
/// Same gradients, less memory, about a third more time (Chen et al. 2016, "Training deep nets with sublinear memory
/// cost"). Parameters that `body` captures get their gradients too. At least one input must require a gradient.
///
/// - Parameter generators: sources of randomness that `body` draws from; the second run draws the same numbers.
/// - Throws: what `body` throws, here and in the backward pass; `TorchError` if LibTorch refuses the inputs.
public func checkpointed(
  _ inputs: [Tensor], generators: [Generator] = [], _ body: @escaping ([Tensor]) throws -> Tensor
) throws -> Tensor {
  let context = Unmanaged.passRetained(CheckpointBody(body, generators: generators)).toOpaque()
  return try Tensor { out, error, functions in
    functions.checkpoint(
      inputs.map(\.handle), inputs.count, context, runCheckpointBody,
      { Unmanaged<CheckpointBody>.fromOpaque($0).release() }, out, error)
  }
}

/// The closure that the shim calls back.
private final class CheckpointBody {
  private let body: ([Tensor]) throws -> Tensor
  private let generators: [Generator]
  private var states: [Tensor]?

  init(_ body: @escaping ([Tensor]) throws -> Tensor, generators: [Generator]) {
    self.body = body
    self.generators = generators
  }

  /// The first run notes the generators' states; later ones go back to them, and put back what they found.
  func run(_ inputs: [Tensor]) throws -> Tensor {
    guard let states else {
      states = try generators.map { try $0.stateTensor() }
      return try body(inputs)
    }
    let current = try generators.map { try $0.stateTensor() }
    for (generator, state) in zip(generators, states) { try generator.restore(state) }
    let result = Result { try body(inputs) }
    for (generator, state) in zip(generators, current) { try generator.restore(state) }
    return try result.get()
  }
}

private func runCheckpointBody(
  _ context: UnsafeMutableRawPointer, _ inputs: UnsafePointer<OpaquePointer>, _ count: Int,
  _ out: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  do {
    let tensors = try (0..<count).map { try Tensor(owning: inputs[$0]) }
    let result = try Unmanaged<CheckpointBody>.fromOpaque(context).takeUnretainedValue().run(tensors)
    // A second handle: the shim deletes this one, Swift its own.
    out.pointee = try result.additionalHandle()
    return Int32(CT_OK.rawValue)
  } catch {
    CallbackError.put(error)
    return Int32(CT_CALLBACK_FAILED.rawValue)
  }
}

extension Tensor {
  fileprivate func additionalHandle() throws -> OpaquePointer? {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.alias(handle, &out, $0) }
    return out
  }
}

/// The error of a callback, on its way through C++ to the Swift call that caused it.
///
/// The backward pass may run on another thread than its caller, so the error waits in one place for the process.
enum CallbackError {
  private static let pending = Mutex<(any Error)?>(nil)

  static func put(_ error: any Error) {
    pending.withLock { $0 = error }
  }

  static func take() -> (any Error)? {
    pending.withLock { error in
      defer { error = nil }
      return error
    }
  }
}
