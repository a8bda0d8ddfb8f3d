/// A value while its pickle is being read. Containers name their elements by index into the machine's values, because
/// a pickle fills containers after it has handed them on.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case dtype(StoredDType)
  case list([Int])
  case tuple([Int])
  /// Keys and values by turns. `isOrdered` for an `OrderedDict`, which may carry attributes.
  case dictionary([Int], isOrdered: Bool)
  case global(PickleGlobal)
  case storage(StorageReference)
  case tensor(TensorReference)

  /// What it is called in messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .string: "str"
    case .bytes: "bytes"
    case .dtype: "dtype"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .global: "function"
    case .storage: "storage"
    case .tensor: "tensor"
    }
  }
}

/// A storage that a pickle names: its bytes lie elsewhere in the file.
struct StorageReference {
  var key: String
  /// nil for an untyped storage, which counts bytes.
  var dtype: StoredDType?
  /// Elements, or bytes where it is untyped.
  var count: Int
}

/// A view of a storage, in elements; not yet checked against it.
struct TensorReference {
  var storage: StorageReference
  var dtype: StoredDType
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}

/// Everything that a pickle may ask for by name. None of it runs code: each is a shape of data.
enum PickleGlobal: Equatable {
  case orderedDict
  case size
  case encode
  case rebuildTensor
  case rebuildUntypedTensor
  case rebuildParameter
  /// The type of a storage, nil for an untyped one.
  case storage(StoredDType?)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("torch", "Size"): self = .size
    // How Python 3 saves bytes in the protocol that PyTorch uses.
    case ("_codecs", "encode"): self = .encode
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildUntypedTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch.storage", "UntypedStorage"): self = .storage(nil)
    case ("torch", _):
      guard let dtype = Self.storages[name] else { return nil }
      self = .storage(dtype)
    default: return nil
    }
  }

  private static let storages: [String: StoredDType] = [
    "BoolStorage": .bool, "ByteStorage": .uint8, "CharStorage": .int8, "ShortStorage": .int16, "IntStorage": .int32,
    "LongStorage": .int64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16, "FloatStorage": .float32,
    "DoubleStorage": .float64, "ComplexFloatStorage": .complex64,
  ]

  /// Element types by their name in the module `torch`.
  static let dtypes: [String: StoredDType] = [
    "bool": .bool, "uint8": .uint8, "int8": .int8, "int16": .int16, "uint16": .uint16, "int32": .int32,
    "uint32": .uint32, "int64": .int64, "uint64": .uint64, "float16": .float16, "bfloat16": .bfloat16,
    "float32": .float32, "float64": .float64, "complex64": .complex64, "float8_e5m2": .float8E5M2,
    "float8_e4m3fn": .float8E4M3, "float8_e8m0fnu": .float8E8M0, "float8_e4m3fnuz": .float8E4M3FNUZ,
    "float8_e5m2fnuz": .float8E5M2FNUZ,
  ]
}
