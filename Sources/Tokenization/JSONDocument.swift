/// A JSON value whose objects keep every member in its order.
///
/// Foundation's readers hold objects as dictionaries of `String`, which takes canonically equivalent keys for one; a
/// vocabulary may hold both spellings, and would lose one of them.
indirect enum JSONDocument: Equatable, Sendable {
  case object([(key: String, value: JSONDocument)])
  case array([JSONDocument])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  /// Reads UTF-8.
  init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
    var reader = JSONReader(bytes: bytes)
    self = try reader.document()
  }

  /// The value of an object's member; of two with one name the later. `nil` for other values.
  subscript(key: String) -> JSONDocument? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var array: [JSONDocument]? { if case .array(let value) = self { value } else { nil } }
  var integer: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }
  var isNull: Bool { self == .null }

  static func == (left: JSONDocument, right: JSONDocument) -> Bool {
    switch (left, right) {
    case (.object(let left), .object(let right)):
      left.count == right.count
        && zip(left, right).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
    case (.array(let left), .array(let right)): left == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.number(let left), .number(let right)): left == right
    case (.bool(let left), .bool(let right)): left == right
    case (.null, .null): true
    default: false
    }
  }
}

/// Where JSON stops being JSON.
struct JSONSyntaxError: Error, Equatable {
  var byteOffset: Int
}

private struct JSONReader {
  let bytes: [UInt8]
  var position = 0
  /// Deeper documents are refused, so that hostile ones cannot exhaust the stack.
  let maximumDepth = 64

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONSyntaxError) -> JSONDocument {
    let value = try value(depth: 0)
    skipWhitespace()
    guard position == bytes.count else { throw failure() }
    return value
  }

  private func failure() -> JSONSyntaxError { JSONSyntaxError(byteOffset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhitespace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// Skips white space and then `byte`, if that is what comes next.
  private mutating func skip(_ byte: Character) -> Bool {
    skipWhitespace()
    guard next == byte.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func skip(word: StaticString) -> Bool {
    let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
    if matches { position += word.utf8CodeUnitCount }
    return matches
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONDocument {
    guard depth < maximumDepth else { throw failure() }
    if skip("{") { return .object(try members(depth: depth)) }
    if skip("[") { return .array(try elements(depth: depth)) }
    if skip("\"") { return .string(try stringAfterQuote()) }
    if skip(word: "true") { return .bool(true) }
    if skip(word: "false") { return .bool(false) }
    if skip(word: "null") { return .null }
    return .number(try number())
  }

  private mutating func members(depth: Int) throws(JSONSyntaxError) -> [(key: String, value: JSONDocument)] {
    var members: [(key: String, value: JSONDocument)] = []
    if skip("}") { return members }
    repeat {
      guard skip("\"") else { throw failure() }
      let key = try stringAfterQuote()
      guard skip(":") else { throw failure() }
      members.append((key, try value(depth: depth + 1)))
    } while skip(",")
    guard skip("}") else { throw failure() }
    return members
  }

  private mutating func elements(depth: Int) throws(JSONSyntaxError) -> [JSONDocument] {
    var elements: [JSONDocument] = []
    if skip("]") { return elements }
    repeat { elements.append(try value(depth: depth + 1)) } while skip(",")
    guard skip("]") else { throw failure() }
    return elements
  }

  private mutating func number() throws(JSONSyntaxError) -> Double {
    let start = position
    // Identifiers of a vocabulary are plain whole numbers.
    var whole = 0
    while let byte = next, (0x30...0x39).contains(byte), position < start + 15 {
      whole = 10 * whole + Int(byte - 0x30)
      position += 1
    }
    if position > start, next == 0x2C || next == 0x7D || next == 0x5D { return Double(whole) }
    while let byte = next, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
    guard let first = bytes[start..<position].first, first == 0x2D || (0x30...0x39).contains(first),
      let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite
    else {
      position = start
      throw failure()
    }
    return value
  }

  private mutating func stringAfterQuote() throws(JSONSyntaxError) -> String {
    var content: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case 0x22:
        guard let text = String(validating: content, as: UTF8.self) else { throw failure() }
        return text
      case 0x5C: try appendEscape(to: &content)
      case 0..<0x20: throw failure()
      default: content.append(byte)
      }
    }
    throw failure()
  }

  private mutating func appendEscape(to content: inout [UInt8]) throws(JSONSyntaxError) {
    guard let byte = next else { throw failure() }
    position += 1
    switch byte {
    case 0x22, 0x2F, 0x5C: content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try codeUnit()
      if (0xD800..<0xDC00).contains(unit) {
        guard skip(word: "\\u") else { throw failure() }
        let low = try codeUnit()
        guard (0xDC00..<0xE000).contains(low) else { throw failure() }
        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
      } else if (0xDC00..<0xE000).contains(unit) {
        throw failure()
      }
      appendUTF8(of: unit, to: &content)
    default: throw failure()
    }
  }

  private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure() }
    var unit: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { throw failure() }
      unit = unit << 4 | UInt32(digit)
    }
    position += 4
    return unit
  }
}
