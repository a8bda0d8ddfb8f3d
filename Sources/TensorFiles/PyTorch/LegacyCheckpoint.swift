import Support

/// The layout of `torch.save` before PyTorch 1.6: pickles of a magic number, the protocol, the machine, the value and
/// the keys of its storages, then for each key a count of eight bytes and the elements.
enum LegacyCheckpoint {
  /// The magic number 0x1950a86a20f9469cfc6c and the protocol 1001, as the pickles that they always are.
  private static let start: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    0x80, 0x02, 0x4D, 0xE9, 0x03, 0x2E,
  ]

  static func read(_ file: MappedFile) throws(CheckpointFailure) -> CheckpointValue {
    guard file.bytes.starts(with: start) else { throw CheckpointFailure(problem: .notACheckpoint) }
    let machine = try PickleMachine.run(file.bytes, at: start.count)
    var machineAssembler = CheckpointAssembler(file: file, values: machine.values, locate: noStorage)
    guard case .bool(let isLittleEndian) = try machineAssembler.assemble(machine.root)["little_endian"] else {
      throw CheckpointFailure(problem: .malformedPickle(offset: start.count, expected: "the byte order"))
    }
    guard isLittleEndian else { throw CheckpointFailure(problem: .bigEndian) }

    let content = try PickleMachine.run(file.bytes, at: machine.end)
    let keys = try PickleMachine.run(file.bytes, at: content.end)
    let ranges = try locateStorages(file, keys: keys, storages: content.values)
    var assembler = CheckpointAssembler(file: file, values: content.values) { (storage) throws(CheckpointFailure) in
      guard let range = ranges[ExactString(storage.key)] else {
        throw CheckpointFailure(problem: .missingStorage(storage.key))
      }
      return try storage.checked(range)
    }
    return try assembler.assemble(content.root)
  }

  private static func noStorage(_ storage: StorageReference) throws(CheckpointFailure) -> Range<Int> {
    throw CheckpointFailure(problem: .missingStorage(storage.key))
  }

  /// Walks the storages at the end of the file, which state their counts but not their types.
  private static func locateStorages(
    _ file: MappedFile, keys: (values: [PickleValue], root: Int, end: Int), storages: [PickleValue]
  ) throws(CheckpointFailure) -> [ExactString: Range<Int>] {
    var references: [ExactString: StorageReference] = [:]
    for case .storage(let storage) in storages { references[ExactString(storage.key)] = storage }
    guard case .list(let list) = keys.values[keys.root] else {
      throw CheckpointFailure(problem: .malformedPickle(offset: keys.end, expected: "the keys of the storages"))
    }
    var reader = ByteReader(file.bytes, at: keys.end)
    var ranges: [ExactString: Range<Int>] = [:]
    for index in list {
      guard case .string(let key) = keys.values[index], let storage = references[ExactString(key)] else {
        throw CheckpointFailure(problem: .malformedPickle(offset: keys.end, expected: "the key of a storage"))
      }
      // Without its type, a storage has no end.
      if let problem = storage.problem { throw CheckpointFailure(problem: problem) }
      let missing = CheckpointFailure(problem: .missingStorage(key))
      guard let count: Int64 = reader.read() else { throw missing }
      guard count == Int64(storage.count), let byteCount = storage.byteCount else {
        throw CheckpointFailure(
          problem: .storageSizeMismatch(storage: key, expected: storage.count, found: Int(count)))
      }
      let start = reader.position
      guard reader.read(count: byteCount) != nil else {
        throw CheckpointFailure(
          problem: .storageSizeMismatch(storage: key, expected: byteCount, found: reader.remaining))
      }
      guard ranges.updateValue(start..<reader.position, forKey: ExactString(key)) == nil else {
        throw CheckpointFailure(problem: .malformedArchive("storage \(key) twice"))
      }
    }
    guard reader.remaining == 0 else {
      throw CheckpointFailure(problem: .malformedArchive("\(reader.remaining) bytes after the last storage"))
    }
    return ranges
  }
}
