import Torch
import TorchNN

/// A loss, gradients or weights that are infinite or not a number: their step is not taken, and nothing of them is
/// stored.
struct NotFinite: Error, Equatable {
  var quantity: TrainingError.Quantity

  /// - Throws: ``NotFinite`` unless `value` is an ordinary number.
  static func require(_ value: Double, _ quantity: TrainingError.Quantity) throws {
    guard value.isFinite else { throw NotFinite(quantity: quantity) }
  }

  /// - Throws: ``NotFinite`` unless all elements of the tensors are ordinary numbers.
  static func requireFinite(_ tensors: [String: Tensor]) throws {
    for tensor in tensors.values where tensor.dtype.isFloatingPoint {
      guard try tensor.isEntirelyFinite else { throw NotFinite(quantity: .weights) }
    }
  }
}
