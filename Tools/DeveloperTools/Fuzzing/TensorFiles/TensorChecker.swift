import Support
import TensorFiles

/// Reads every tensor of an accepted file to its last byte, and finds what a sound reader never hands out.
struct TensorChecker {
  let file: MappedFile
  private(set) var count = 0
  private(set) var failure: String?

  init(file: MappedFile) {
    self.file = file
  }

  mutating func check(_ safetensors: SafetensorsFile) {
    var previousEnd: Int?
    for name in safetensors.names {
      guard let tensor = safetensors[name] else {
        failure = "a name without tensor"
        continue
      }
      check(tensor)
      if !tensor.isContiguous { failure = "a tensor with gaps" }
      if let previousEnd, previousEnd != tensor.byteRange.lowerBound { failure = "tensors with a gap or an overlap" }
      previousEnd = tensor.byteRange.upperBound
    }
    if let previousEnd, previousEnd != file.count { failure = "tensors that do not cover the file" }
  }

  mutating func check(_ value: CheckpointValue) {
    switch value {
    case .none, .bool, .int, .double, .string, .bytes, .dtype, .unread: break
    case .tensor(let tensor): check(tensor)
    case .list(let elements), .tuple(let elements): for element in elements { check(element) }
    case .dictionary(let dictionary), .module(_, let dictionary):
      for entry in dictionary.entries { check(entry.value) }
    }
  }

  private mutating func check(_ tensor: MappedTensor) {
    count += 1
    guard tensor.byteRange.lowerBound >= 0, tensor.byteRange.upperBound <= file.count else {
      failure = "a tensor outside of the file"
      return
    }
    let elementCount = tensor.shape.reduce(1, *)
    if elementCount != tensor.elementCount { failure = "a tensor of another size than its shape" }
    // What the last element needs, recomputed from the strides.
    var needed = 0
    if elementCount > 0 {
      let reach = zip(tensor.shape, tensor.strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
      needed = (reach + 1) * tensor.dtype.bitWidth / 8
    }
    if needed != tensor.byteRange.count { failure = "a tensor whose strides do not fit its bytes" }
    let sum = tensor.withUnsafeBytes { $0.reduce(UInt8(0), ^) }
    withExtendedLifetime(sum) {}
    // Copying what repeats itself (strides of zero) up to a gigabyte would only measure the memory.
    if tensor.byteCount <= 1 << 20, tensor.contiguousBytes().count != tensor.byteCount {
      failure = "a copy of another size than the tensor"
    }
  }
}
