import Support
import TensorFiles

extension [String: MappedTensor] {
  /// A hash of names, types, shapes and elements of all tensors, whatever file they lie in and in what order.
  public var contentHash: String {
    var hash = RunningHash()
    for (name, tensor) in sorted(by: { $0.key < $1.key }) {
      hash.update(part: name)
      hash.update(part: "\(tensor.dtype.rawValue) \(tensor.shape)")
      if tensor.isContiguous {
        tensor.withUnsafeBytes { hash.update($0) }
      } else {
        tensor.contiguousBytes().withUnsafeBytes { hash.update($0) }
      }
    }
    return hash.hexadecimal
  }
}
