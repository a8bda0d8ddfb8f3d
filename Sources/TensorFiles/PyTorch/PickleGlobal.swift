/// What a pickle asks for by name. None of it runs code: the known ones are shapes of data that the machine handles
/// itself, and what the others would make is passed over.
enum PickleGlobal: Equatable {
  /// `collections.OrderedDict`
  case orderedDict
  /// `collections.defaultdict`, read as a dictionary
  case defaultDict
  /// `collections.Counter`, read as a dictionary
  case counter
  /// `collections.deque`, read as a list
  case deque
  /// `argparse.Namespace` and `types.SimpleNamespace`, read as dictionaries of their attributes
  case namespace
  /// `torch.Size`
  case size
  /// `_codecs.encode`: how Python 3 saves bytes in the protocol that PyTorch uses
  case encode
  /// `bytes`, without arguments: how Python 3 saves empty bytes in that protocol
  case bytes
  /// `copyreg._reconstructor` and its like, which make an object of the class that is their first argument
  case makeObject
  /// `numpy.dtype`
  case numpyDType
  /// `numpy._core.multiarray.scalar`
  case numpyScalar
  /// What makes a NumPy array
  case numpyArray
  case rebuildTensor
  case rebuildUntypedTensor
  case rebuildParameter
  /// A tensor with attributes
  case rebuildFromType
  /// The type of a storage, nil for an untyped one
  case storage(StoredDType?)
  /// Anything else
  case unknown

  init(module: String, name: String) {
    switch (Self.currentModule(module), name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("collections", "defaultdict"): self = .defaultDict
    case ("collections", "Counter"): self = .counter
    case ("collections", "deque"): self = .deque
    case ("argparse", "Namespace"), ("types", "SimpleNamespace"): self = .namespace
    case ("torch", "Size"): self = .size
    case ("_codecs", "encode"): self = .encode
    case ("builtins", "bytes"): self = .bytes
    case ("copyreg", "_reconstructor"), ("copyreg", "__newobj__"): self = .makeObject
    case ("numpy", "dtype"): self = .numpyDType
    case ("numpy._core.multiarray", "scalar"): self = .numpyScalar
    case ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.numeric", "_frombuffer"): self = .numpyArray
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildUntypedTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
      self = .rebuildParameter
    case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
    case ("torch.storage", "UntypedStorage"): self = .storage(nil)
    case ("torch", _): self = Self.storages[name].map { .storage($0) } ?? .unknown
    default: self = .unknown
    }
  }

  /// The name of today for a module of NumPy 1 or Python 2.
  private static func currentModule(_ module: String) -> String {
    switch module {
    case "__builtin__": "builtins"
    case "copy_reg": "copyreg"
    default: module.hasPrefix("numpy.core.") ? "numpy._core." + module.dropFirst("numpy.core.".count) : module
    }
  }

  /// Whether the name is one by which a pickle would run a program, load code or reach the disk or the network. No
  /// name is ever called; a file that asks for one of these is hostile, and all of it is refused.
  static func isHostile(module: String, name: String) -> Bool {
    switch currentModule(module) {
    case "os", "posix", "nt":
      !["stat_result", "terminal_size", "PathLike", "environ", "_Environ"].contains(name)
    case "builtins":
      ["eval", "exec", "execfile", "compile", "__import__", "open", "input", "apply", "breakpoint"].contains(name)
    case let module:
      hostileModules.contains(String(module.prefix { $0 != "." }))
    }
  }

  private static let hostileModules: Set<String> = [
    "subprocess", "commands", "pty", "runpy", "importlib", "imp", "code", "codeop", "socket", "urllib", "urllib2",
    "requests", "http", "httplib", "ftplib", "smtplib", "webbrowser", "shutil", "ctypes", "pip", "timeit", "pdb", "bdb",
  ]

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
