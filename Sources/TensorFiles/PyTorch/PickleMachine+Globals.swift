/// What a pickle asks for by name. The known names are handled here as data; nothing is called.
extension PickleMachine {
  // MARK: Names and calls

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
    guard !PickleGlobal.isHostile(module: module, name: name) else {
      throw CheckpointFailure(problem: .hostileGlobal("\(module).\(name)"))
    }
    return .global(PickleGlobal(module: module, name: name), name: "\(module).\(name)")
  }

  /// Pushes what a callable would make of a tuple of arguments; `parts` are the two, and perhaps named arguments.
  mutating func call(_ parts: [Int]) throws(CheckpointFailure) {
    guard case .tuple(let arguments) = values[parts[1]] else { throw malformed("a name and a tuple") }
    switch values[parts[0]] {
    case .global(let global, let name): try call(global, name, arguments)
    case .unread(let problem): try push(.unread(problem))
    default: throw malformed("a name and a tuple")
    }
  }

  private mutating func call(
    _ global: PickleGlobal, _ name: String, _ arguments: [Int]
  ) throws(CheckpointFailure) {
    switch global {
    case .orderedDict: try push(.dictionary(pairs(arguments), .ordered))
    case .defaultDict: try push(.dictionary([], .plain))
    case .counter:
      guard let counts = arguments.first else { return try push(.dictionary([], .plain)) }
      guard arguments.count == 1, case .dictionary = values[counts] else { throw malformed("a Counter of a dict") }
      stack.append(counts)
    case .deque: try push(.list([]))
    case .namespace: try push(.dictionary([], .namespace))
    case .size:
      guard arguments.count == 1, case .tuple = values[arguments[0]] else { throw malformed("a torch.Size of a tuple") }
      stack.append(arguments[0])
    case .encode: try push(.bytes(encode(arguments)))
    case .bytes:
      guard arguments.isEmpty else { throw malformed("bytes without arguments") }
      try push(.bytes([]))
    case .makeObject:
      guard let type = arguments.first else { throw malformed("the class of an object") }
      if case .global(.namespace, _) = values[type] { return try push(.dictionary([], .namespace)) }
      try push(.unread(.refusedGlobal(values[type].kind)))
    case .numpyDType: try push(.numpyDType(numpyDType(arguments)))
    case .numpyScalar: try push(numpyScalar(arguments))
    case .numpyArray: try push(.unread(.refusedGlobal("numpy.ndarray")))
    case .rebuildTensor: try push(tensor(arguments, isUntyped: false))
    case .rebuildUntypedTensor: try push(tensor(arguments, isUntyped: true))
    case .rebuildParameter: try stack.append(parameter(arguments))
    case .rebuildFromType:
      guard arguments.count == 4, case .global(let inner, let innerName) = values[arguments[0]],
        case .tuple(let innerArguments) = values[arguments[2]], inner != .rebuildFromType
      else { throw malformed("a tensor and its type") }
      try call(inner, innerName, innerArguments)
    case .storage: throw malformed("something that makes a value")
    case .unknown: try push(.unread(.refusedGlobal(name)))
    }
  }

  /// Gives a value attributes. Those of an `OrderedDict` are no data: PyTorch gives a state dictionary its `_metadata`
  /// so. Those of a namespace are all that it has.
  mutating func build() throws(CheckpointFailure) {
    let state = try pop()
    let target = try top()
    switch values[target] {
    case .unread(.refusedGlobal(let name)):
      if let attributes = moduleAttributes(of: state) { values[target] = .dictionary(attributes, .module(name)) }
    case .unread: return
    case .numpyDType(var element):
      setByteOrder(of: &element, from: values[state])
      values[target] = .numpyDType(element)
    case .dictionary(_, .ordered):
      guard case .dictionary = values[state] else { throw malformed("attributes of an OrderedDict") }
    case .dictionary(let elements, .namespace):
      guard case .dictionary(let attributes, _) = values[state] else { throw malformed("attributes of a namespace") }
      values[target] = .dictionary(elements + attributes, .namespace)
    default: throw malformed("attributes of an object")
    }
  }

  /// Keys and values of what makes an object a module of PyTorch, whatever its class; nil for another object. Other
  /// attributes, which may refer to anything, are left out.
  private func moduleAttributes(of state: Int) -> [Int]? {
    guard case .dictionary(let attributes, _) = values[state] else { return nil }
    var found: [Int] = []
    var names: Set<String> = []
    for position in stride(from: 0, to: attributes.count - 1, by: 2) {
      guard case .string(let name) = values[attributes[position]], CheckpointValue.moduleParts.contains(name),
        case .dictionary = values[attributes[position + 1]], names.insert(name).inserted
      else { continue }
      found += attributes[position...position + 1]
    }
    return names.count == CheckpointValue.moduleParts.count ? found : nil
  }

  /// Keys and values by turns from no argument or a list of pairs, as Python 2 saved an `OrderedDict`.
  private func pairs(_ arguments: [Int]) throws(CheckpointFailure) -> [Int] {
    guard let argument = arguments.first else { return [] }
    guard arguments.count == 1, case .list(let list) = values[argument] else { throw malformed("a list of pairs") }
    var elements: [Int] = []
    for index in list {
      switch values[index] {
      case .list(let pair) where pair.count == 2, .tuple(let pair) where pair.count == 2: elements += pair
      default: throw malformed("a list of pairs")
      }
    }
    return elements
  }

  /// The tensor of a parameter: data, requires_grad, hooks, and perhaps attributes.
  private func parameter(_ arguments: [Int]) throws(CheckpointFailure) -> Int {
    guard (3...4).contains(arguments.count), case .bool = values[arguments[1]], isEmptyDictionary(arguments[2]) else {
      throw malformed("a parameter of a tensor, without hooks")
    }
    switch values[arguments[0]] {
    case .tensor, .unread: return arguments[0]
    default: throw malformed("a parameter of a tensor, without hooks")
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

  /// Pushes what a persistent id names: a storage, or, before PyTorch 1.6, a module's class together with its source.
  mutating func pushPersistent(_ index: Int) throws(CheckpointFailure) {
    if case .tuple(let parts) = values[index], parts.count == 4, case .string("module") = values[parts[0]],
      case .global = values[parts[1]]
    {
      return stack.append(parts[1])
    }
    try push(storage(index))
  }

  /// A storage from its persistent id: ("storage", type, key, device, count), and in the older layout a view of it.
  func storage(_ index: Int) throws(CheckpointFailure) -> PickleValue {
    guard case .tuple(let parts) = values[index], parts.count == 5 || parts.count == 6,
      case .string("storage") = values[parts[0]], case .global(let type, let typeName) = values[parts[1]],
      case .string(let key) = values[parts[2]], case .string = values[parts[3]],
      case .int(let count) = values[parts[4]],
      count >= 0
    else { throw malformed("a storage") }
    var storage = StorageReference(key: key, count: count)
    switch type {
    case .storage(let dtype): storage.dtype = dtype
    case .unknown: storage.problem = .refusedGlobal(typeName)
    default: throw malformed("the type of a storage")
    }
    if parts.count == 6 {
      guard case .none = values[parts[5]] else {
        storage.problem = .invalidTensor("storage \(key) is a view of another storage")
        return .storage(storage)
      }
    }
    return .storage(storage)
  }

  /// Arguments: storage, offset, shape, strides, requires_grad, hooks, the element type of an untyped storage, and
  /// optionally metadata.
  private func tensor(_ arguments: [Int], isUntyped: Bool) throws(CheckpointFailure) -> PickleValue {
    let required = isUntyped ? 7 : 6
    guard arguments.count == required || arguments.count == required + 1,
      case .storage(let storage) = values[arguments[0]], case .int(let offset) = values[arguments[1]],
      case .bool = values[arguments[4]], isEmptyDictionary(arguments[5])
    else { throw malformed("a tensor of a storage, without hooks") }
    if let problem = storage.problem { return .unread(problem) }
    let shape = try integers(arguments[2])
    let strides = try integers(arguments[3])
    let dtype: StoredDType
    if isUntyped {
      guard storage.dtype == nil else { throw malformed("an untyped storage and its element type") }
      switch values[arguments[6]] {
      case .dtype(let stated): dtype = stated
      case .global(.unknown, let name): return .unread(.refusedGlobal(name))
      default: throw malformed("an untyped storage and its element type")
      }
    } else {
      guard let stated = storage.dtype else { throw malformed("a storage with a type") }
      dtype = stated
    }
    if arguments.count > required {
      // A tensor that is to be conjugated or negated on reading.
      guard isEmptyDictionary(arguments[required]) || arguments[required] == 0 else {
        return .unread(.invalidTensor("a conjugated or otherwise lazy tensor"))
      }
    }
    return .tensor(TensorReference(storage: storage, dtype: dtype, offset: offset, shape: shape, strides: strides))
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
