import Support

/// A PyTorch checkpoint (`.pt`, `.pth`, `.bin`), mapped into memory and read without running anything.
///
/// Both layouts of `torch.save` are understood: the zip archive, and the plain one from before PyTorch 1.6, in which
/// many published checkpoints still are. A pickle inside may hold tensors, parameters, numbers (NumPy's too), texts,
/// bytes, lists, tuples and dicts. Whatever else it holds is passed over and refused by name when it is asked for; a
/// pickle that asks for something that runs programs is refused whole.
public struct TorchArchive: Sendable {
  /// The mapping that every tensor points into.
  public let file: MappedFile
  /// What was given to `torch.save`.
  public let root: CheckpointValue

  /// Maps and reads the checkpoint at `path`.
  ///
  /// - Parameter acceptsModule: Whether a module may be saved in place of its state dictionary.
  /// - Throws: `FileAccessError` if it cannot be read, ``TensorFileError/checkpoint(file:place:problem:)`` if it is not a plain
  ///   checkpoint.
  public init(path: String, acceptsModule: Bool = false) throws {
    try self.init(file: MappedFile(path: path), acceptsModule: acceptsModule)
  }

  /// Reads a checkpoint that is in memory already.
  ///
  /// - Parameter acceptsModule: Whether a module may be saved in place of its state dictionary.
  /// - Throws: ``TensorFileError/checkpoint(file:place:problem:)`` if it is not a plain checkpoint.
  public init(file: MappedFile, acceptsModule: Bool = false) throws(TensorFileError) {
    self.file = file
    do throws(CheckpointFailure) {
      let root = try StoredArchive.isZip(file.bytes) ? Self.readZip(file) : LegacyCheckpoint.read(file)
      if let problem = root.unread, root.state == nil || !acceptsModule { throw CheckpointFailure(problem: problem) }
      self.root = root
    } catch {
      if error.problem == .notACheckpoint, let content = MistakenContent(file.bytes) {
        throw .mistaken(file: file.path, content: content)
      }
      throw .checkpoint(file: file.path, place: error.place, problem: error.problem)
    }
  }

  /// The tensors of the dictionary that `keys` lead to, in the order in which they were saved: a `state_dict`.
  ///
  /// - Throws: ``TensorFileError/checkpoint(file:place:problem:)`` if there is no such dictionary, or it holds something
  ///   else than tensors.
  public func tensors(at keys: String...) throws(TensorFileError) -> [(name: String, tensor: MappedTensor)] {
    var value = root
    var place: [String] = []
    func failure(_ problem: CheckpointProblem) -> TensorFileError {
      .checkpoint(file: file.path, place: place.isEmpty ? nil : place.joined(separator: "."), problem: problem)
    }
    func wrongKind(_ expected: String) -> TensorFileError {
      failure(value.unread ?? .wrongKind(expected: expected, found: value.kind))
    }
    for key in keys {
      guard let dictionary = value.dictionary else { throw wrongKind("dict") }
      guard let next = dictionary[key] else { throw failure(.missingEntry(key)) }
      place.append(key)
      value = next
    }
    guard let dictionary = value.dictionary else { throw wrongKind("dict") }
    var tensors: [(name: String, tensor: MappedTensor)] = []
    tensors.reserveCapacity(dictionary.entries.count)
    for entry in dictionary.entries {
      guard case .string(let name) = entry.key else { throw failure(.unsupportedKey("int")) }
      value = entry.value
      guard let tensor = value.tensor else {
        place.append(name)
        throw wrongKind("tensor")
      }
      tensors.append((name, tensor))
    }
    return tensors
  }

  // MARK: The zip layout

  private static func readZip(_ file: MappedFile) throws(CheckpointFailure) -> CheckpointValue {
    let archive = try StoredArchive(file.bytes)
    let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") && $0.filter { $0 == "/" }.count == 1 }
    guard pickles.count == 1 else {
      throw CheckpointFailure(problem: pickles.isEmpty ? .missingEntry("data.pkl") : .malformedArchive("two data.pkl"))
    }
    let folder = pickles[0].dropLast("data.pkl".count)
    guard !archive.contains("\(folder)constants.pkl") else { throw CheckpointFailure(problem: .torchScript) }
    if let order = try archive.range(of: "\(folder)byteorder") {
      guard file.bytes[order].elementsEqual("little".utf8) else { throw CheckpointFailure(problem: .bigEndian) }
    }
    let pickleRange = try archive.range(of: pickles[0]) ?? 0..<0
    let pickle = UnsafeRawBufferPointer(rebasing: file.bytes[pickleRange])
    guard pickle.count <= PickleMachine.lengthLimit else {
      throw CheckpointFailure(problem: .limitExceeded("bytes of data.pkl", limit: PickleMachine.lengthLimit))
    }
    let (values, root, end) = try PickleMachine.run(pickle)
    guard end == pickle.count else {
      throw CheckpointFailure(problem: .malformedPickle(offset: end, expected: "the end"))
    }
    var assembler = CheckpointAssembler(file: file, values: values) { (storage) throws(CheckpointFailure) in
      guard let range = try archive.range(of: "\(folder)data/\(storage.key)") else {
        throw CheckpointFailure(problem: .missingStorage(storage.key))
      }
      return try storage.checked(range)
    }
    return try assembler.assemble(root)
  }
}

extension StorageReference {
  /// Bytes that the storage needs; nil if that overflows.
  var byteCount: Int? { dtype.map { $0.byteCount(elementCount: count) } ?? count }

  /// `range`, if it is as long as the storage says.
  func checked(_ range: Range<Int>) throws(CheckpointFailure) -> Range<Int> {
    guard byteCount == range.count else {
      throw CheckpointFailure(
        problem: .storageSizeMismatch(storage: key, expected: byteCount ?? .max, found: range.count))
    }
    return range
  }
}
