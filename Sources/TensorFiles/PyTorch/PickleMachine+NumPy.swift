/// NumPy's scalars, which many checkpoints hold beside the weights: `epoch`, `best_loss`.
extension PickleMachine {
  /// Arguments of `numpy.dtype`: the notation of the type, and two flags.
  func numpyDType(_ arguments: [Int]) throws(CheckpointFailure) -> NumPyElement {
    guard let notation = arguments.first, case .string(let text) = values[notation] else {
      throw malformed("the notation of a numpy.dtype")
    }
    // Types with fields and the like are no numbers: what is made of them is passed over.
    return NumPyElement(text) ?? .opaque
  }

  /// Applies the state of a `numpy.dtype`: its version, the byte order and what only types with fields need.
  func setByteOrder(of element: inout NumPyElement, from state: PickleValue) {
    guard case .tuple(let parts) = state, parts.count > 1, case .string(let order) = values[parts[1]] else {
      element = .opaque
      return
    }
    element.isBigEndian = order == ">"
  }

  /// Arguments of `numpy._core.multiarray.scalar`: the type and the bytes.
  func numpyScalar(_ arguments: [Int]) throws(CheckpointFailure) -> PickleValue {
    guard let type = arguments.first else { throw malformed("the type of a NumPy scalar") }
    guard case .numpyDType(let element) = values[type] else { return .unread(.refusedGlobal(values[type].kind)) }
    guard arguments.count == 2, case .bytes(let bytes) = values[arguments[1]] else {
      return .unread(.refusedGlobal(element.name))
    }
    return element.value(of: bytes) ?? .unread(.refusedGlobal(element.name))
  }
}
