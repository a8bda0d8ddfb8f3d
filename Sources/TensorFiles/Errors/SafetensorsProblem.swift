import Support

/// What is wrong with a safetensors file. Offsets count from the start of the data section.
public enum SafetensorsProblem: Equatable, Sendable, CustomStringConvertible {
  /// Fewer than the eight bytes of the header's length.
  case tooShort(byteCount: Int)
  /// The header is declared longer than the format's limit.
  case headerTooLong(declared: UInt64, limit: Int)
  /// The file ends inside its header.
  case headerTruncated(declared: UInt64, available: Int)
  /// The header is not UTF-8, first at this byte of it.
  case headerNotUTF8(offset: Int)
  /// The header is not the JSON that the format asks for, first at this byte of it.
  case headerSyntax(offset: Int, expected: String)
  /// A key occurs twice.
  case duplicateKey(String)
  case missingField(String)
  case unknownDType(String)
  /// The product of the shape, or its bytes, exceed the integers.
  case shapeOverflow([Int])
  /// Elements of less than a byte that end inside one.
  case endsInsideByte(dtype: StoredDType, shape: [Int])
  case offsetsReversed(begin: Int, end: Int)
  case sizeMismatch(expected: Int, found: Int)
  case overlap(begin: Int, previousEnd: Int)
  case hole(from: Int, to: Int)
  case dataTruncated(end: Int, available: Int)
  case trailingBytes(Int)

  public var description: String {
    switch self {
    case .tooShort(let count): "no safetensors file, only \(count) bytes long"
    case .headerTooLong(let declared, let limit): "its header claims \(declared) bytes, the limit is \(limit)"
    case .headerTruncated(let declared, let available):
      "truncated: its header claims \(declared) bytes and \(available) are there"
    case .headerNotUTF8(let offset): "its header is not UTF-8 at byte \(offset)"
    case .headerSyntax(let offset, let expected): "its header is malformed at byte \(offset), where \(expected) belongs"
    case .duplicateKey(let key): "its header names \"\(key.onOneLine(limit: 160))\" twice"
    case .missingField(let field): "its header gives no \(field)"
    case .unknownDType(let name): "unknown element type \"\(name.onOneLine(limit: 160))\""
    case .shapeOverflow(let shape): "impossible shape \("\(shape)".onOneLine(limit: 160))"
    case .endsInsideByte(let dtype, let shape): "\(shape) elements of \(dtype.rawValue) end inside a byte"
    case .offsetsReversed(let begin, let end): "its data ends (\(end)) before it begins (\(begin))"
    case .sizeMismatch(let expected, let found): "its shape needs \(expected) bytes, its offsets give \(found)"
    case .overlap(let begin, let previousEnd):
      "its data begins at \(begin), inside the tensor before, which ends at \(previousEnd)"
    case .hole(let from, let to): "bytes \(from) to \(to) of the data belong to no tensor"
    case .dataTruncated(let end, let available): "truncated: its data ends at \(end) and \(available) bytes are there"
    case .trailingBytes(let count): "\(count) bytes after the last tensor"
    }
  }
}

/// What keeps a tensor from being written.
public enum SafetensorsWriteProblem: Equatable, Sendable, CustomStringConvertible {
  case duplicateName
  /// `__metadata__` is the format's own key.
  case reservedName
  case invalidShape([Int])
  /// The header would exceed the format's limit.
  case headerTooLong(byteCount: Int, limit: Int)
  case wrongByteCount(expected: Int, written: Int)

  public var description: String {
    switch self {
    case .duplicateName: "given twice: give every tensor another name"
    case .reservedName: "reserved by the format: choose another name"
    case .invalidShape(let shape): "impossible shape \(shape): sizes are not negative and make whole bytes"
    case .headerTooLong(let count, let limit): "makes a header of \(count) bytes: the limit is \(limit)"
    case .wrongByteCount(let expected, let written): "\(written) bytes given: its shape and type need \(expected)"
    }
  }
}
