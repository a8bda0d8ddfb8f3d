import Support

/// A tensor to write: its name and what its bytes mean.
public struct SafetensorsEntry: Equatable, Sendable {
  public var name: String
  public var dtype: StoredDType
  public var shape: [Int]

  public init(name: String, dtype: StoredDType, shape: [Int]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }

  /// Bytes of the packed elements; nil if the shape makes none.
  public var byteCount: Int? {
    elementCount(ofShape: shape).flatMap(dtype.byteCount(elementCount:))
  }
}

/// Writes safetensors files as the format's reference lays them out: tensors by falling width of their type and then by
/// name, a header padded with blanks to eight bytes. The same content makes the same bytes.
public enum SafetensorsWriter {
  /// Writes a file whose tensors are handed over one after another, so that only one needs to be in memory.
  ///
  /// - Parameters:
  ///   - entries: The tensors, in any order.
  ///   - metadata: Free text for the header.
  ///   - path: The file, which appears whole or not at all (see `AtomicFile`).
  ///   - mode: Whether a file of that name is replaced.
  ///   - content: Called once a tensor, in the order of the file; gives the packed little-endian elements to its second
  ///     argument, in one piece or many.
  /// - Throws: `TensorFileError.unwritable`, `FileAccessError`, or what `content` throws. No file is left then.
  public static func write(
    _ entries: [SafetensorsEntry], metadata: [String: String] = [:], to path: String, mode: AtomicFile.Mode = .replace,
    content: (SafetensorsEntry, (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let (header, ordered) = try layout(entries, metadata: metadata, path: path)
    let file = try AtomicFile(path: path, mode: mode)
    try file.write(header)
    for (entry, byteCount) in ordered {
      var written = 0
      try content(entry) { bytes in
        written += bytes.count
        try file.write(bytes)
      }
      guard written == byteCount else {
        throw TensorFileError.unwritable(
          file: path, tensor: entry.name, problem: .wrongByteCount(expected: byteCount, written: written))
      }
    }
    try file.commit()
  }

  /// Writes a file of tensors that are in memory, as packed little-endian elements.
  ///
  /// - Throws: ``TensorFileError/unwritable(file:tensor:problem:)`` or `FileAccessError`. No file is left then.
  public static func write(
    _ tensors: [(entry: SafetensorsEntry, bytes: [UInt8])], metadata: [String: String] = [:], to path: String,
    mode: AtomicFile.Mode = .replace
  ) throws {
    let content = Dictionary(tensors.map { (ExactString($0.entry.name), $0.bytes) }) { first, _ in first }
    try write(tensors.map(\.entry), metadata: metadata, to: path, mode: mode) { entry, append in
      try content[ExactString(entry.name), default: []].withUnsafeBytes(append)
    }
  }

  /// The file's first bytes, and the tensors with their sizes in the order in which their data follows.
  private static func layout(
    _ entries: [SafetensorsEntry], metadata: [String: String], path: String
  ) throws(TensorFileError) -> (header: [UInt8], ordered: [(SafetensorsEntry, byteCount: Int)]) {
    func failure(_ tensor: String, _ problem: SafetensorsWriteProblem) -> TensorFileError {
      .unwritable(file: path, tensor: tensor, problem: problem)
    }
    let ranks = Dictionary(uniqueKeysWithValues: zip(StoredDType.allCases, 0...))
    let ordered = entries.sorted { left, right in
      left.dtype != right.dtype
        ? ranks[left.dtype, default: 0] > ranks[right.dtype, default: 0]
        : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
    var text: [UInt8] = [UInt8(ascii: "{")]
    if !metadata.isEmpty {
      text += "\"__metadata__\":{".utf8
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      text += sorted.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",").utf8
      text += (ordered.isEmpty ? "}" : "},").utf8
    }
    var names: Set<ExactString> = []
    var sized: [(SafetensorsEntry, byteCount: Int)] = []
    var offset = 0
    for entry in ordered {
      guard entry.name != "__metadata__" else { throw failure(entry.name, .reservedName) }
      guard names.insert(ExactString(entry.name)).inserted else { throw failure(entry.name, .duplicateName) }
      guard let byteCount = entry.byteCount, !offset.addingReportingOverflow(byteCount).overflow else {
        throw failure(entry.name, .invalidShape(entry.shape))
      }
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let comma = sized.isEmpty ? "" : ","
      text += "\(comma)\(quoted(entry.name)):{\"dtype\":\"\(entry.dtype.rawValue)\",\"shape\":[\(shape)],".utf8
      text += "\"data_offsets\":[\(offset),\(offset + byteCount)]}".utf8
      offset += byteCount
      sized.append((entry, byteCount))
    }
    text.append(UInt8(ascii: "}"))
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    guard text.count <= SafetensorsFile.headerLimit else {
      let limit = SafetensorsFile.headerLimit
      throw failure(ordered.last?.name ?? "__metadata__", .headerTooLong(byteCount: text.count, limit: limit))
    }
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init)
    return (length + text, sized)
  }

  /// `text` as a JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\t": result += "\\t"
      case "\n": result += "\\n"
      case "\u{C}": result += "\\f"
      case "\r": result += "\\r"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
