import CTorch

/// Adds up the gradients of parameters over a group of processes, in buckets that leave while the backward pass goes on.
///
///     try reducer.begin()            // before the backward pass that completes the gradients
///     try loss.backward()
///     try reducer.finish()           // every gradient is now the sum over all processes
///
/// Buckets leave in one order, the reverse of the parameters', so a sum does not depend on which gradient was ready
/// first. A parameter without a gradient counts as zero; one that no process has a gradient of keeps none.
public final class GradientReducer {
  private let group: ProcessGroupGloo
  private let handle: OpaquePointer
  /// The parameters: a reducer is theirs as long as their handles are the same.
  private let parameters: [Tensor]

  /// - Parameters:
  ///   - parameters: Leaves that require gradients, at least one; the same in every process.
  ///   - bucketBytes: How much travels at once, about; PyTorch's default is 25 MB.
  /// - Throws: `TorchError`.
  public init(_ group: ProcessGroupGloo, parameters: [Tensor], bucketBytes: Int = 25 << 20) throws {
    guard let handle = try group.makeReducer(parameters, bucketBytes: bucketBytes) else {
      throw TorchError.operationFailed("no reducer was made")
    }
    (self.group, self.parameters, self.handle) = (group, parameters, handle)
  }

  deinit {
    if let api = try? LibTorch.api() { api.pointee.functions.reducer_release(handle) }
  }

  /// Whether these are its parameters.
  public func isOf(_ tensors: [Tensor]) -> Bool {
    parameters.count == tensors.count && zip(parameters, tensors).allSatisfy { $0 === $1 }
  }

  /// Takes the gradients that the next backward passes make for final.
  ///
  /// - Throws: ``ProcessGroupError`` if a process is lost.
  public func begin() throws { try group.call { $0.reducer_begin(handle, $1) } }

  /// Waits until every parameter's gradient is the sum over all processes.
  ///
  /// - Returns: How many buckets had left before; none in the first step, which shows how often each gradient grows.
  /// - Throws: ``ProcessGroupError``, `TorchError`.
  @discardableResult
  public func finish() throws -> Int {
    var overlapped = 0
    try group.call { $0.reducer_finish(handle, &overlapped, $1) }
    return overlapped
  }
}
