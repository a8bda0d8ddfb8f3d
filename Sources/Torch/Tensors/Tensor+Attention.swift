import CTorch

extension Tensor {
  /// Whether ``scaledDotProductAttention(key:value:attnMask:dropoutP:isCausal:scale:)`` has a kernel for these operands
  /// that never holds all scores at once, in neither pass. Without one, its memory grows with queries times keys.
  ///
  /// - Parameters: As for the attention itself, which is `[batch, heads, length, width]`.
  /// - Throws: `TorchError` if the shapes or types do not fit each other.
  public func fusesAttention(key: Tensor, value: Tensor, attnMask: Tensor? = nil) throws -> Bool {
    let functions = try LibTorch.api().pointee.functions
    var fuses = false
    try check { functions.fuses_attention(handle, key.handle, value.handle, attnMask?.handle, &fuses, $0) }
    return fuses
  }
}
