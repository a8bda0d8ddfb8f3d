import Support

/// A safetensors file, mapped into memory and checked whole before any tensor is handed out.
///
/// The rules are those of the format's reference (huggingface/safetensors 0.8): a header of at most 100 MB; every
/// tensor's bytes as many as its shape and type need; the tensors' ranges in order without overlap or hole, covering
/// the file to its last byte. Three things that the reference lets pass are refused: a key that occurs twice, blanks
/// before the header's first brace (the format's document forbids them), and integers of 2^63 and above.
public final class SafetensorsFile: Sendable {
  /// The longest header that the format allows, in bytes.
  public static let headerLimit = 100_000_000

  /// The mapping that every tensor of this file points into.
  public let file: MappedFile
  /// The tensors' names in the order of their data.
  public let names: [String]
  /// The free text of the header's `__metadata__`.
  public let metadata: [String: String]
  private let tensors: [ExactString: MappedTensor]

  /// Maps and checks the file at `path`.
  ///
  /// - Throws: `FileAccessError` if it cannot be read, `TensorFileError.safetensors` if it breaks the format.
  public convenience init(path: String) throws {
    try self.init(file: MappedFile(path: path))
  }

  /// Checks a file that is in memory already.
  ///
  /// - Throws: ``TensorFileError/safetensors(file:tensor:problem:)`` if it breaks the format.
  public init(file: MappedFile) throws(TensorFileError) {
    func failure(_ tensor: String?, _ problem: SafetensorsProblem) -> TensorFileError {
      .safetensors(file: file.path, tensor: tensor, problem: problem)
    }
    let bytes = file.bytes
    /// What is wrong with the header, or what is there in its place.
    func headerFailure(_ problem: SafetensorsProblem, tensor: String? = nil) -> TensorFileError {
      let hasHeader = bytes.count > 8 && bytes[8] == UInt8(ascii: "{")
      guard !hasHeader, let content = MistakenContent(bytes) else { return failure(tensor, problem) }
      return .mistaken(file: file.path, content: content)
    }
    guard bytes.count >= 8 else { throw headerFailure(.tooShort(byteCount: bytes.count)) }
    let declared = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard declared <= UInt64(Self.headerLimit) else {
      throw headerFailure(.headerTooLong(declared: declared, limit: Self.headerLimit))
    }
    let headerEnd = 8 + Int(declared)
    guard headerEnd <= bytes.count else {
      throw headerFailure(.headerTruncated(declared: declared, available: bytes.count - 8))
    }
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<headerEnd]))
    } catch {
      throw headerFailure(error.problem, tensor: error.tensor)
    }

    var names: [String] = []
    var tensors: [ExactString: MappedTensor] = [:]
    names.reserveCapacity(header.entries.count)
    tensors.reserveCapacity(header.entries.count)
    let available = bytes.count - headerEnd
    var previousEnd = 0
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      let elementCount = try Self.check(entry, previousEnd: previousEnd, available: available, failure: failure)
      previousEnd = entry.end
      names.append(entry.name)
      tensors[ExactString(entry.name)] = MappedTensor(
        file: file, dtype: entry.dtype, shape: entry.shape, strides: contiguousStrides(ofShape: entry.shape),
        byteRange: (headerEnd + entry.begin)..<(headerEnd + entry.end), elementCount: elementCount)
    }
    guard previousEnd == available else { throw failure(nil, .trailingBytes(available - previousEnd)) }
    self.file = file
    self.names = names
    self.tensors = tensors
    metadata = header.metadata
  }

  /// Checks one entry against its own shape and its neighbours; returns its number of elements.
  private static func check(
    _ entry: SafetensorsHeaderEntry, previousEnd: Int, available: Int,
    failure: (String?, SafetensorsProblem) -> TensorFileError
  ) throws(TensorFileError) -> Int {
    let (begin, end) = (entry.begin, entry.end)
    guard begin <= end else { throw failure(entry.name, .offsetsReversed(begin: begin, end: end)) }
    guard begin >= previousEnd else { throw failure(entry.name, .overlap(begin: begin, previousEnd: previousEnd)) }
    guard begin == previousEnd else { throw failure(entry.name, .hole(from: previousEnd, to: begin)) }
    guard end <= available else { throw failure(entry.name, .dataTruncated(end: end, available: available)) }
    guard let elementCount = elementCount(ofShape: entry.shape),
      !elementCount.multipliedReportingOverflow(by: entry.dtype.bitWidth).overflow
    else { throw failure(entry.name, .shapeOverflow(entry.shape)) }
    guard let byteCount = entry.dtype.byteCount(elementCount: elementCount) else {
      throw failure(entry.name, .endsInsideByte(dtype: entry.dtype, shape: entry.shape))
    }
    guard end - begin == byteCount else {
      throw failure(entry.name, .sizeMismatch(expected: byteCount, found: end - begin))
    }
    return elementCount
  }

  /// All tensors by name. Names that Swift takes for equal and the format does not are one key here, the first of them.
  public var tensorsByName: [String: MappedTensor] {
    Dictionary(names.compactMap { name in self[name].map { (name, $0) } }) { first, _ in first }
  }

  /// The tensor of that name, compared byte by byte; nil if there is none.
  public subscript(name: String) -> MappedTensor? { tensors[ExactString(name)] }

  /// The tensor of that name.
  ///
  /// - Throws: `TensorFileError.tensorNotFound`.
  public func tensor(_ name: String) throws(TensorFileError) -> MappedTensor {
    guard let tensor = self[name] else { throw .tensorNotFound(file: file.path, tensor: name) }
    return tensor
  }
}
