/// A strict pull parser for JSON (RFC 8259): the caller asks for each value that its format expects next, and no other
/// value is built.
///
/// Refused are: bytes that are not UTF-8; a key that occurs twice in an object, compared byte by byte after its escapes
/// are resolved; lone surrogates; numbers that are not JSON's or not finite; more than ``depthLimit`` brackets inside
/// each other. Memory grows with what is read, and nothing recurses.
///
///     var reader = try JSONReader(bytes)
///     try reader.enterObject()
///     while let key = try reader.nextKey() {
///       if key == "vocab" { ... } else { try reader.skipValue() }
///     }
///     try reader.finish()
public struct JSONReader {
  /// The deepest nesting of brackets: the limit of serde_json, by which the reference implementation of safetensors
  /// reads.
  public static let depthLimit = 128

  let bytes: UnsafeRawBufferPointer
  /// Where the next byte to be read lies.
  public internal(set) var position = 0
  /// The open objects and arrays; those beyond `depth` are left from before, for their memory.
  private var frames: [Frame] = []
  private var depth = 0

  /// An object or array that is being read.
  private struct Frame {
    var isAtStart = true
    /// The keys of an object so far.
    var keys: Set<ExactString> = []
  }

  /// What a value is, by its first byte.
  public enum Kind: Sendable {
    case object, array, string, number, bool, null
  }

  /// A reader of `bytes`, which must outlive it.
  ///
  /// - Throws: ``JSONSyntaxError`` if they are not UTF-8.
  public init(_ bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) {
    if let offset = firstInvalidUTF8Offset(in: bytes) { throw JSONSyntaxError(offset: offset, problem: .notUTF8) }
    self.bytes = bytes
  }

  /// Sees that nothing but blanks follows.
  ///
  /// - Throws: ``JSONSyntaxError`` if something does.
  public mutating func finish() throws(JSONSyntaxError) {
    skipBlanks()
    guard position == bytes.count else { throw expected("nothing more") }
  }

  /// The error that something else belongs where the reader is.
  public func error(expecting what: String) -> JSONSyntaxError {
    JSONSyntaxError(offset: position, problem: .expected(what))
  }

  // MARK: Objects and arrays

  /// Reads the brace that begins an object.
  ///
  /// - Throws: ``JSONSyntaxError`` if something else is there.
  public mutating func enterObject() throws(JSONSyntaxError) {
    try expect("{")
    try enter()
  }

  /// Reads the next key of the object that is open and the colon after it; nil, with the closing brace, at its end.
  ///
  /// - Throws: ``JSONSyntaxError`` if neither is there, or the object has had the key already.
  public mutating func nextKey() throws(JSONSyntaxError) -> String? {
    guard try hasNext(before: "}") else { return nil }
    skipBlanks()
    let start = position
    let key = try string()
    guard frames[depth - 1].keys.insert(ExactString(key)).inserted else {
      throw JSONSyntaxError(offset: start, problem: .duplicateKey(key))
    }
    try expect(":")
    return key
  }

  /// Reads the bracket that begins an array.
  ///
  /// - Throws: ``JSONSyntaxError`` if something else is there.
  public mutating func enterArray() throws(JSONSyntaxError) {
    try expect("[")
    try enter()
  }

  /// Whether the array that is open has another element, which is then the next value; reads the closing bracket if not.
  ///
  /// - Throws: ``JSONSyntaxError`` if neither a comma nor the bracket is there.
  public mutating func hasNextElement() throws(JSONSyntaxError) -> Bool { try hasNext(before: "]") }

  private mutating func enter() throws(JSONSyntaxError) {
    guard depth < Self.depthLimit else { throw expected("at most \(Self.depthLimit) brackets") }
    if depth == frames.count {
      frames.append(Frame())
    } else {
      frames[depth].isAtStart = true
      frames[depth].keys.removeAll(keepingCapacity: frames[depth].keys.count < 64)
    }
    depth += 1
  }

  private mutating func hasNext(before closer: Unicode.Scalar) throws(JSONSyntaxError) -> Bool {
    precondition(depth > 0, "an object or array is open")
    if frames[depth - 1].isAtStart {
      frames[depth - 1].isAtStart = false
      guard skip(closer) else { return true }
    } else {
      if skip(",") { return true }
      try expect(closer)
    }
    depth -= 1
    return false
  }

  // MARK: Values

  /// The kind of the next value; nil if none begins here.
  public mutating func nextKind() -> Kind? {
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"): return .number
    case let byte? where (0x30...0x39).contains(byte): return .number
    default: return nil
    }
  }

  /// Reads true or false.
  ///
  /// - Throws: ``JSONSyntaxError`` if something else is there.
  public mutating func bool() throws(JSONSyntaxError) -> Bool {
    if skip(literal: "true") { return true }
    guard skip(literal: "false") else { throw expected("true or false") }
    return false
  }

  /// Reads null; false, and nothing is read, if something else is there.
  public mutating func skipNull() -> Bool { skip(literal: "null") }

  /// Reads a number that is not negative and has no leading zeros, fraction or exponent.
  ///
  /// - Throws: ``JSONSyntaxError`` if something else is there, or a number of 2^63 and above.
  public mutating func nonNegativeInteger() throws(JSONSyntaxError) -> Int {
    skipBlanks()
    let start = position
    var value = 0
    while let byte = next, (0x30...0x39).contains(byte) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowInSum) = product.addingReportingOverflow(Int(byte - 0x30))
      guard !overflow, !overflowInSum else { throw expected("an integer below 2^63") }
      value = sum
      position += 1
    }
    let length = position - start
    let isInteger = next != UInt8(ascii: ".") && next != UInt8(ascii: "e") && next != UInt8(ascii: "E")
    guard length > 0, length == 1 || bytes[start] != UInt8(ascii: "0"), isInteger else {
      position = start
      throw expected("a non-negative integer")
    }
    return value
  }

  /// Reads a number.
  ///
  /// - Throws: ``JSONSyntaxError`` if something else is there, or a number that no `Double` holds.
  public mutating func number() throws(JSONSyntaxError) -> Double {
    skipBlanks()
    let start = position
    guard let whole = skipNumber() else {
      position = start
      throw expected("a value")
    }
    if position - start <= 15, whole >= 0 { return Double(whole) }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
      position = start
      throw expected("a value")
    }
    return value
  }

  /// Skips a number by JSON's grammar; nil if none begins here. The value if it is made of at most 15 digits alone,
  /// as most are; otherwise -1.
  private mutating func skipNumber() -> Int? {
    let isNegative = next == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let start = position
    var whole = 0
    while let byte = next, (0x30...0x39).contains(byte) {
      whole = 10 &* whole &+ Int(byte - 0x30)
      position += 1
    }
    guard position > start, position == start + 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
    var isPlain = !isNegative && position - start <= 15
    if next == UInt8(ascii: ".") {
      isPlain = false
      position += 1
      guard skipDigits() else { return nil }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isPlain = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      guard skipDigits() else { return nil }
    }
    return isPlain ? whole : -1
  }

  /// Skips decimal digits; false if there are none.
  private mutating func skipDigits() -> Bool {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    return position > start
  }

  // MARK: Bytes

  func expected(_ what: String) -> JSONSyntaxError { error(expecting: what) }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// Skips blanks, and then `character` if it is the next one.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(JSONSyntaxError) {
    guard skip(character) else { throw expected(String(character)) }
  }

  private mutating func skip(literal: StaticString) -> Bool {
    skipBlanks()
    let text = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    guard bytes[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }
}
