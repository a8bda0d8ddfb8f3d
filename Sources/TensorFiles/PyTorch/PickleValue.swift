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
  /// Keys and values by turns.
  case dictionary([Int], DictionaryKind)
  case global(PickleGlobal, name: String)
  case numpyDType(NumPyElement)
  case storage(StorageReference)
  case tensor(TensorReference)
  /// A value that is passed over, with the problem to report if it turns out to be needed.
  case unread(CheckpointProblem)

  /// What a dictionary was in Python, by which it may be given attributes.
  enum DictionaryKind {
    /// A `dict`, which has no attributes.
    case plain
    /// An `OrderedDict`: its attributes are no data.
    case ordered
    /// A namespace: its attributes are the dictionary.
    case namespace
    /// An object of the class of that name that has what all of PyTorch's modules have: those three attributes.
    case module(String)
  }

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
    case .global(_, let name): name
    case .numpyDType: "numpy.dtype"
    case .storage: "storage"
    case .tensor: "tensor"
    case .unread(.refusedGlobal(let name)): name
    case .unread: "value that is not read"
    }
  }
}

/// A storage that a pickle names: its bytes lie elsewhere in the file.
struct StorageReference {
  var key: String
  /// nil for an untyped storage, which counts bytes.
  var dtype: StoredDType?
  /// Elements, or bytes if it is untyped.
  var count: Int
  /// Why tensors of this storage are passed over; nil if they are read.
  var problem: CheckpointProblem?
}

/// A view of a storage, in elements; not yet checked against it.
struct TensorReference {
  var storage: StorageReference
  var dtype: StoredDType
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}
