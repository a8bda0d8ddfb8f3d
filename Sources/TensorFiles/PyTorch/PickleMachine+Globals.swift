/// What a pickle may ask for by name: each is data, and is handled here instead of being called.
extension PickleMachine {
  // MARK: Names and what stands for calls

  mutating func readGlobal() throws(CheckpointFailure) -> PickleValue {
    guard let module = reader.readLine(), let name = reader.readLine() else { throw malformed("a name") }
    return try global(module, name)
  }

  mutating func popGlobal() throws(CheckpointFailure) -> PickleValue {
    let parts = try pop(count: 2)
    guard case .string(let module) = values[parts[0]], case .string(let name) = values[parts[1]] else {
      throw malformed("a name")
    }
    return try global(module, name)
  }

  private func global(_ module: String, _ name: String) throws(CheckpointFailure) -> PickleValue {
    if module == "torch", let dtype = PickleGlobal.dtypes[name] { return .dtype(dtype) }
    guard let global = PickleGlobal(module: module, name: name) else {
      throw CheckpointFailure(problem: .refusedGlobal("\(module).\(name)"))
    }
    return .global(global)
  }

  mutating func reduce() throws(CheckpointFailure) {
    let parts = try pop(count: 2)
    guard case .global(let global) = values[parts[0]], case .tuple(let arguments) = values[parts[1]] else {
      throw malformed("a name and a tuple")
    }
    switch global {
    case .orderedDict:
      guard arguments.isEmpty else { throw malformed("an OrderedDict without arguments") }
      try push(.dictionary([], isOrdered: true))
    case .size:
      guard arguments.count == 1, case .tuple = values[arguments[0]] else { throw malformed("a torch.Size of a tuple") }
      stack.append(arguments[0])
    case .encode: try push(.bytes(encode(arguments)))
    case .rebuildTensor: try push(.tensor(tensor(arguments, isUntyped: false)))
    case .rebuildUntypedTensor: try push(.tensor(tensor(arguments, isUntyped: true)))
    case .rebuildParameter:
      guard arguments.count == 3, case .tensor = values[arguments[0]], case .bool = values[arguments[1]],
        isEmptyDictionary(arguments[2])
      else { throw malformed("a parameter of a tensor, without hooks") }
      stack.append(arguments[0])
    case .storage: throw malformed("something that makes a value")
    }
  }

  /// Attributes of an `OrderedDict`: PyTorch gives a state dictionary its `_metadata` so. They are no data.
  mutating func build() throws(CheckpointFailure) {
    let state = try pop()
    guard case .dictionary(_, isOrdered: true) = values[try top()], case .dictionary = values[state] else {
      throw malformed("attributes of an OrderedDict")
    }
  }

  private mutating func encode(_ arguments: [Int]) throws(CheckpointFailure) -> [UInt8] {
    guard arguments.count == 2, case .string(let text) = values[arguments[0]],
      case .string(let encoding) = values[arguments[1]], encoding == "latin1"
    else { throw malformed("a text to encode in latin1") }
    encodedCount += text.utf8.count
    guard encodedCount <= reader.bytes.count else {
      throw CheckpointFailure(problem: .limitExceeded("encoded bytes", limit: reader.bytes.count))
    }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { throw malformed("a text in latin1") }
      bytes.append(byte)
    }
    return bytes
  }

  // MARK: Storages and tensors

  /// A storage from its persistent id: ("storage", type, key, device, count), and in the older layout a view of it.
  func storage(_ index: Int) throws(CheckpointFailure) -> PickleValue {
    guard case .tuple(let parts) = values[index], parts.count == 5 || parts.count == 6,
      case .string("storage") = values[parts[0]], case .global(.storage(let dtype)) = values[parts[1]],
      case .string(let key) = values[parts[2]], case .string = values[parts[3]],
      case .int(let count) = values[parts[4]],
      count >= 0
    else { throw malformed("a storage") }
    if parts.count == 6 {
      guard case .none = values[parts[5]] else {
        throw CheckpointFailure(problem: .invalidTensor("storage \(key) is a view of another storage"))
      }
    }
    return .storage(StorageReference(key: key, dtype: dtype, count: count))
  }

  /// Arguments: storage, offset, shape, strides, requires_grad, hooks, the element type of an untyped storage, and
  /// optionally metadata.
  private func tensor(_ arguments: [Int], isUntyped: Bool) throws(CheckpointFailure) -> TensorReference {
    let required = isUntyped ? 7 : 6
    guard arguments.count == required || arguments.count == required + 1,
      case .storage(let storage) = values[arguments[0]], case .int(let offset) = values[arguments[1]],
      case .bool = values[arguments[4]], isEmptyDictionary(arguments[5])
    else { throw malformed("a tensor of a storage, without hooks") }
    let shape = try integers(arguments[2])
    let strides = try integers(arguments[3])
    let dtype: StoredDType
    if isUntyped {
      guard case .dtype(let stated) = values[arguments[6]], storage.dtype == nil else {
        throw malformed("an untyped storage and its element type")
      }
      dtype = stated
    } else {
      guard let stated = storage.dtype else { throw malformed("a storage with a type") }
      dtype = stated
    }
    if arguments.count > required {
      // A tensor that is to be conjugated or negated on reading.
      guard isEmptyDictionary(arguments[required]) || arguments[required] == 0 else {
        throw CheckpointFailure(problem: .invalidTensor("a conjugated or otherwise lazy tensor"))
      }
    }
    return TensorReference(storage: storage, dtype: dtype, offset: offset, shape: shape, strides: strides)
  }

  private func integers(_ index: Int) throws(CheckpointFailure) -> [Int] {
    guard case .tuple(let elements) = values[index] else { throw malformed("a tuple of integers") }
    guard elements.count <= Self.dimensionLimit else {
      throw CheckpointFailure(problem: .limitExceeded("dimensions", limit: Self.dimensionLimit))
    }
    var integers: [Int] = []
    for element in elements {
      guard case .int(let integer) = values[element] else { throw malformed("a tuple of integers") }
      integers.append(integer)
    }
    return integers
  }

  private func isEmptyDictionary(_ index: Int) -> Bool {
    if case .dictionary(let elements, _) = values[index] { elements.isEmpty } else { false }
  }
}
