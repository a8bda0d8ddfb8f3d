import Support
import TensorFiles

extension Tensor {
  /// A tensor over a file's memory: nothing is copied, and the file stays mapped while the tensor lives. Writing to
  /// the tensor changes the process's copy alone, never the file.
  ///
  /// Elements that are not aligned or not packed (older writers, strided checkpoints) are copied.
  ///
  /// - Throws: ``TorchError/unsupportedElements(_:of:)`` for a type that Thorax does not compute with.
  ///
  /// - Parameter name: what errors call the tensor beside its file.
  public convenience init(_ mapped: MappedTensor, name: String = "a tensor") throws {
    guard let dtype = DType(mapped.dtype) else {
      throw TorchError.unsupportedElements(mapped.dtype.rawValue, of: "\(mapped.file.path), \(name)")
    }
    if mapped.elementCount > 0, mapped.isContiguous, mapped.isAligned {
      let memory = UnsafeRawBufferPointer(start: mapped.baseAddress, count: mapped.byteCount)
      try self.init(over: memory, shape: mapped.shape, dtype: dtype, keepingAlive: mapped.file)
    } else {
      try self.init(bytes: mapped.contiguousBytes(), shape: mapped.shape, dtype: dtype)
    }
  }
}

extension [String: MappedTensor] {
  /// Tensors over the file's memory, by the same names.
  ///
  /// - Throws: ``TorchError/unsupportedElements(_:of:)`` for the first type, by name, that Thorax does not compute with.
  public func tensors() throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    result.reserveCapacity(count)
    for (name, tensor) in sorted(by: { $0.key < $1.key }) { result[name] = try Tensor(tensor, name: name) }
    return result
  }
}

extension SafetensorsFile {
  /// All tensors by name, over the file's memory.
  ///
  /// - Throws: ``TorchError/unsupportedElements(_:of:)`` for a type that Thorax does not compute with.
  public func loadTensors() throws -> [String: Tensor] { try tensorsByName.tensors() }
}

extension SafetensorsWriter {
  /// Writes tensors to a file that appears whole or not at all; one at a time is brought to the CPU and packed.
  ///
  /// - Throws: `TorchError` if a tensor cannot be copied, `TensorFileError.unwritable`, `FileAccessError`. No file is
  ///   left then.
  public static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String, mode: AtomicFile.Mode = .replace
  ) throws {
    let entries = tensors.map { SafetensorsEntry(name: $0.key, dtype: $0.value.dtype.stored, shape: $0.value.shape) }
    try write(entries, metadata: metadata, to: path, mode: mode) { entry, append in
      guard let tensor = tensors[entry.name] else { return }
      try tensor.bytes().withUnsafeBytes { try append($0) }
    }
  }
}

extension DType {
  /// The type that files name so; nil if Thorax does not compute with it.
  public init?(_ stored: StoredDType) {
    guard let match = DType.allCases.first(where: { $0.stored == stored }) else { return nil }
    self = match
  }

  /// The type as files name it.
  public var stored: StoredDType {
    switch self {
    case .uint8: .uint8
    case .int32: .int32
    case .int64: .int64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    }
  }
}
