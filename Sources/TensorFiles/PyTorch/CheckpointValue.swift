import Support

/// What a PyTorch checkpoint holds: plain values, containers and tensors, and nothing that could run.
public enum CheckpointValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  /// An element type that was saved as a value, such as `torch.float16` in a configuration.
  case dtype(StoredDType)
  case tensor(MappedTensor)
  case list([CheckpointValue])
  /// A tuple or a `torch.Size`.
  case tuple([CheckpointValue])
  /// A dict or one of its relatives: `OrderedDict`, `defaultdict`, `Counter`, the attributes of a namespace.
  case dictionary(CheckpointDictionary)
  /// A module of PyTorch, of the class of that name: its own parameters, buffers and modules, and nothing that could
  /// run. Only ``state`` reads it as data.
  case module(name: String, CheckpointDictionary)
  /// Something else, which was passed over without running anything. The problem says why, for a reader that needs it.
  case unread(CheckpointProblem)

  /// The entry of a dictionary; nil for other values and missing keys.
  public subscript(key: String) -> CheckpointValue? { dictionary?[key] }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var int: Int? { if case .int(let value) = self { value } else { nil } }
  /// A float, or an integer as one.
  public var double: Double? {
    switch self {
    case .double(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// Why the value was passed over; nil for one that was read.
  public var unread: CheckpointProblem? {
    switch self {
    case .unread(let problem): problem
    case .module(let name, _): .refusedGlobal(name)
    default: nil
    }
  }
  public var tensor: MappedTensor? { if case .tensor(let value) = self { value } else { nil } }
  public var dictionary: CheckpointDictionary? { if case .dictionary(let value) = self { value } else { nil } }
  /// The elements of a list or tuple.
  public var elements: [CheckpointValue]? {
    switch self {
    case .list(let values), .tuple(let values): values
    default: nil
    }
  }

  /// What a module's `state_dict()` would be, by names joined by dots; nil for another value. Buffers that a module
  /// does not store are included.
  public var state: [(name: String, tensor: MappedTensor)]? {
    guard case .module(_, let attributes) = self else { return nil }
    var found: [(name: String, tensor: MappedTensor)] = []
    for part in Self.moduleParts {
      for entry in attributes[part]?.dictionary?.entries ?? [] {
        guard case .string(let name) = entry.key else { continue }
        if let tensor = entry.value.tensor { found.append((name, tensor)) }
        found += (entry.value.state ?? []).map { ("\(name).\($0.name)", $0.tensor) }
      }
    }
    return found
  }

  /// The attributes by which an object is a module.
  static let moduleParts = ["_parameters", "_buffers", "_modules"]

  /// What kind of value this is, for messages.
  public var kind: String {
    switch self {
    case .none: "None"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .string: "str"
    case .bytes: "bytes"
    case .dtype: "dtype"
    case .tensor: "tensor"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .unread(.refusedGlobal(let name)), .module(let name, _): name
    case .unread: "value that is not read"
    }
  }
}

/// A dictionary of a checkpoint, in the order in which it was saved.
public struct CheckpointDictionary: Sendable {
  /// The keys that checkpoints use. Texts differ if their bytes differ.
  public enum Key: Hashable, Sendable {
    case string(String)
    case int(Int)

    public static func == (left: Self, right: Self) -> Bool {
      switch (left, right) {
      case (.string(let left), .string(let right)): ExactString(left) == ExactString(right)
      case (.int(let left), .int(let right)): left == right
      default: false
      }
    }

    public func hash(into hasher: inout Hasher) {
      switch self {
      case .string(let text): ExactString(text).hash(into: &hasher)
      case .int(let number): hasher.combine(number)
      }
    }
  }

  public let entries: [(key: Key, value: CheckpointValue)]
  private let positions: [Key: Int]

  /// The dictionary of `entries`; nil if a key occurs twice.
  init?(_ entries: [(key: Key, value: CheckpointValue)]) {
    var positions: [Key: Int] = [:]
    positions.reserveCapacity(entries.count)
    for (position, entry) in entries.enumerated() {
      guard positions.updateValue(position, forKey: entry.key) == nil else { return nil }
    }
    self.entries = entries
    self.positions = positions
  }

  public subscript(key: String) -> CheckpointValue? { positions[.string(key)].map { entries[$0].value } }
  public subscript(key: Int) -> CheckpointValue? { positions[.int(key)].map { entries[$0].value } }
}
