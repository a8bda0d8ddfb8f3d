import Support

/// Turns the values that a pickle made into a tree, and its storages into views of the file.
///
/// A pickle may name one container in many places. The tree shares it, but a walk of the tree meets it again each
/// time: so its size is bounded as walked, and its depth, since values are destroyed and printed by recursion.
struct CheckpointAssembler {
  /// Most containers inside each other.
  static let depthLimit = 64
  /// Most values in the tree, shared ones counted wherever they occur.
  static let sizeLimit = 1 << 23
  /// Largest tensor that its storage does not hold element by element (strides of zero), in bytes.
  static let expansionLimit = 1 << 30

  let file: MappedFile
  let values: [PickleValue]
  /// Where the bytes of a storage lie in the file.
  let locate: (StorageReference) throws(CheckpointFailure) -> Range<Int>

  private var finished: [Finished?]
  private var isOpen: [Bool]
  private var path: [Frame] = []

  private struct Finished {
    var value: CheckpointValue
    var size: Int
    var depth: Int
  }

  /// A container whose elements are being finished.
  private struct Frame {
    var index: Int
    var elements: [Int]
    var next = 0
  }

  init(
    file: MappedFile, values: [PickleValue],
    locate: @escaping (StorageReference) throws(CheckpointFailure) -> Range<Int>
  ) {
    self.file = file
    self.values = values
    self.locate = locate
    finished = Array(repeating: nil, count: values.count)
    isOpen = Array(repeating: false, count: values.count)
  }

  /// The tree under the value `root`.
  mutating func assemble(_ root: Int) throws(CheckpointFailure) -> CheckpointValue {
    do throws(CheckpointFailure) {
      try visit(root)
      while let frame = path.last {
        if frame.next < frame.elements.count {
          path[path.count - 1].next += 1
          try visit(frame.elements[frame.next])
        } else {
          path.removeLast()
          isOpen[frame.index] = false
          finished[frame.index] = try close(frame)
        }
      }
    } catch {
      throw CheckpointFailure(place: place, problem: error.problem)
    }
    return finished[root]?.value ?? .none
  }

  /// Finishes a plain value at once; opens a container.
  private mutating func visit(_ index: Int) throws(CheckpointFailure) {
    guard finished[index] == nil else { return }
    guard !isOpen[index] else { throw CheckpointFailure(problem: .cycle) }
    let value: CheckpointValue
    switch values[index] {
    case .list(let elements), .tuple(let elements), .dictionary(let elements, _):
      guard path.count < Self.depthLimit else { throw Self.tooDeep }
      isOpen[index] = true
      path.append(Frame(index: index, elements: elements))
      return
    case .none: value = .none
    case .bool(let bool): value = .bool(bool)
    case .int(let int): value = .int(int)
    case .double(let double): value = .double(double)
    case .string(let string): value = .string(string)
    case .bytes(let bytes): value = .bytes(bytes)
    case .dtype(let dtype): value = .dtype(dtype)
    case .tensor(let reference): value = .tensor(try tensor(reference))
    case .unread(let problem): value = .unread(problem)
    case .global, .numpyDType, .storage: value = .unread(.refusedGlobal(values[index].kind))
    }
    finished[index] = Finished(value: value, size: 1, depth: 0)
  }

  private static var tooDeep: CheckpointFailure {
    CheckpointFailure(problem: .limitExceeded("containers inside each other", limit: depthLimit))
  }

  private func close(_ frame: Frame) throws(CheckpointFailure) -> Finished {
    var size = 1
    var depth = 0
    for element in frame.elements {
      guard let element = finished[element] else { continue }
      size += element.size
      depth = max(depth, element.depth)
      guard size <= Self.sizeLimit else {
        throw CheckpointFailure(problem: .limitExceeded("values", limit: Self.sizeLimit))
      }
    }
    guard depth < Self.depthLimit else { throw Self.tooDeep }
    let value: CheckpointValue =
      switch values[frame.index] {
      case .list: .list(frame.elements.compactMap { finished[$0]?.value })
      case .tuple: .tuple(frame.elements.compactMap { finished[$0]?.value })
      case .dictionary(_, .module(let name)): try module(name, frame.elements)
      default: try dictionary(frame.elements)
      }
    return Finished(value: value, size: size, depth: depth + 1)
  }

  /// The dictionary of `elements`; an unread value if a key is neither a text nor an integer.
  private func dictionary(_ elements: [Int]) throws(CheckpointFailure) -> CheckpointValue {
    var entries: [(key: CheckpointDictionary.Key, value: CheckpointValue)] = []
    entries.reserveCapacity(elements.count / 2)
    for position in stride(from: 0, to: elements.count, by: 2) {
      guard let value = finished[elements[position + 1]]?.value else { continue }
      switch values[elements[position]] {
      case .string(let key): entries.append((.string(key), value))
      case .int(let key): entries.append((.int(key), value))
      default: return .unread(.unsupportedKey(values[elements[position]].kind))
      }
    }
    guard let dictionary = CheckpointDictionary(entries) else { throw CheckpointFailure(problem: .duplicateKey) }
    return .dictionary(dictionary)
  }

  private func module(_ name: String, _ elements: [Int]) throws(CheckpointFailure) -> CheckpointValue {
    guard case .dictionary(let attributes) = try dictionary(elements) else { return .unread(.refusedGlobal(name)) }
    return .module(name: name, attributes)
  }

  // MARK: Tensors

  private func tensor(_ reference: TensorReference) throws(CheckpointFailure) -> MappedTensor {
    let (shape, strides, offset) = (reference.shape, reference.strides, reference.offset)
    guard let width = reference.dtype.byteWidth else {
      throw CheckpointFailure(problem: .invalidTensor("elements of less than a byte"))
    }
    // An untyped storage counts bytes.
    let storageCount = reference.storage.dtype == nil ? reference.storage.count / width : reference.storage.count
    let outside = CheckpointFailure(
      problem: .outsideStorage(shape: shape, strides: strides, offset: offset, storageCount: storageCount))
    guard shape.count == strides.count, strides.allSatisfy({ $0 >= 0 }), offset >= 0, offset <= storageCount,
      let elementCount = elementCount(ofShape: shape),
      let byteCount = reference.dtype.byteCount(elementCount: elementCount)
    else { throw outside }
    var last = offset
    if elementCount > 0 {
      for (size, stride) in zip(shape, strides) {
        let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
        let (sum, overflowInSum) = last.addingReportingOverflow(reach)
        guard !overflow, !overflowInSum else { throw outside }
        last = sum
      }
      guard last < storageCount else { throw outside }
    }
    let bytes = try locate(reference.storage)
    guard byteCount <= max(bytes.count, Self.expansionLimit) else {
      throw CheckpointFailure(
        problem: .limitExceeded("bytes of a tensor that repeats itself", limit: Self.expansionLimit))
    }
    let start = bytes.lowerBound + offset * width
    let end = elementCount == 0 ? start : bytes.lowerBound + (last + 1) * width
    return MappedTensor(
      file: file, dtype: reference.dtype, shape: shape, strides: strides, byteRange: start..<end,
      elementCount: elementCount)
  }

  // MARK: Messages

  /// The keys and positions that lead to the value being visited.
  private var place: String? {
    let parts = path.compactMap { frame -> String? in
      guard frame.next > 0 else { return nil }
      guard case .dictionary = values[frame.index] else { return "[\(frame.next - 1)]" }
      switch values[frame.elements[(frame.next - 1) / 2 * 2]] {
      case .string(let key): return key
      case .int(let key): return String(key)
      default: return nil
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: ".")
  }
}
