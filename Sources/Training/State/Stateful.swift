import Torch

/// A part of a run that goes on from where it was stored.
protocol Stateful {
  /// Everything that the next step depends on. Tensors are not copied.
  func state() throws -> StoredState

  /// Continues from a stored state.
  ///
  /// - Throws: `ParameterLoadingError` if the state is not of such a part.
  func restore(_ state: StoredState) throws
}

/// Named tensors and numbers, as a checkpoint holds them.
struct StoredState {
  var tensors: [String: Tensor] = [:]
  /// Whole numbers to 2^53 are exact.
  var numbers: [String: Double] = [:]

  /// Adds the state of a part, under names that begin with `prefix`.
  mutating func add(_ part: StoredState, under prefix: String) {
    for (name, tensor) in part.tensors { tensors[prefix + name] = tensor }
    for (name, number) in part.numbers { numbers[prefix + name] = number }
  }

  /// The state that was added under `prefix`.
  func part(_ prefix: String) -> StoredState {
    func inside<Value>(_ all: [String: Value]) -> [String: Value] {
      all.reduce(into: [:]) { part, item in
        if item.key.hasPrefix(prefix) { part[String(item.key.dropFirst(prefix.count))] = item.value }
      }
    }
    return StoredState(tensors: inside(tensors), numbers: inside(numbers))
  }
}
