/// One tensor as the header of a safetensors file states it, not yet checked against the others.
struct SafetensorsHeaderEntry {
  var name: String
  var dtype: StoredDType
  var shape: [Int]
  var begin: Int
  var end: Int
}

/// A parser for the header of a safetensors file: the one JSON document that the format allows, read in a single pass.
///
/// It follows the format's grammar instead of building a JSON tree, so memory stays proportional to the header, and
/// nothing recurses: values under keys that the format does not know are skipped with a depth counter.
struct SafetensorsHeader {
  struct Failure: Error {
    var tensor: String?
    var problem: SafetensorsProblem
  }

  private(set) var entries: [SafetensorsHeaderEntry] = []
  private(set) var metadata: [String: String] = [:]

  let bytes: UnsafeRawBufferPointer
  var position = 0
  private var tensor: String?

  /// Reads `bytes`, which must be valid UTF-8.
  init(parsing bytes: UnsafeRawBufferPointer) throws(Failure) {
    self.bytes = bytes
    // The format's document asks for `{` as the very first byte; blanks may only follow the object.
    guard bytes.first == UInt8(ascii: "{") else { throw syntax("{") }
    var names: Set<ExactString> = []
    var hasMetadata = false
    try parseObject { (parser, key) throws(Failure) in
      if key == "__metadata__" {
        guard !hasMetadata else { throw Failure(problem: .duplicateKey(key)) }
        hasMetadata = true
        try parser.parseMetadata()
        return
      }
      guard names.insert(ExactString(key)).inserted else { throw Failure(problem: .duplicateKey(key)) }
      parser.tensor = key
      try parser.parseTensor(name: key)
      parser.tensor = nil
    }
    skipBlanks()
    guard position == bytes.count else { throw syntax("nothing more") }
  }

  // MARK: The format's objects

  private mutating func parseMetadata() throws(Failure) {
    if try skip(literal: "null") { return }
    try parseObject { (parser, key) throws(Failure) in
      let value = try parser.parseString()
      guard parser.metadata.updateValue(value, forKey: key) == nil else {
        throw Failure(tensor: "__metadata__", problem: .duplicateKey(key))
      }
    }
  }

  private mutating func parseTensor(name: String) throws(Failure) {
    var dtype: StoredDType?
    var shape: [Int]?
    var offsets: [Int]?
    try parseObject { (parser, key) throws(Failure) in
      let isRepeated =
        switch key {
        case "dtype": dtype != nil
        case "shape": shape != nil
        case "data_offsets": offsets != nil
        default: false
        }
      guard !isRepeated else { throw Failure(tensor: name, problem: .duplicateKey(key)) }
      switch key {
      case "dtype":
        let text = try parser.parseString()
        dtype = StoredDType(rawValue: text)
        guard dtype != nil else { throw Failure(tensor: name, problem: .unknownDType(text)) }
      case "shape": shape = try parser.parseIntegers()
      case "data_offsets":
        let pair = try parser.parseIntegers()
        guard pair.count == 2 else { throw parser.syntax("a pair of offsets") }
        offsets = pair
      default: try parser.skipValue()
      }
    }
    guard let dtype else { throw Failure(tensor: name, problem: .missingField("dtype")) }
    guard let shape else { throw Failure(tensor: name, problem: .missingField("shape")) }
    guard let offsets else { throw Failure(tensor: name, problem: .missingField("data_offsets")) }
    entries.append(
      SafetensorsHeaderEntry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1]))
  }

  // MARK: JSON

  func syntax(_ expected: String) -> Failure {
    Failure(tensor: tensor, problem: .headerSyntax(offset: position, expected: expected))
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// Skips blanks and then `character` where it is the next one.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard skip(character) else { throw syntax(String(character)) }
  }

  mutating func skip(literal: StaticString) throws(Failure) -> Bool {
    skipBlanks()
    let text = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    guard bytes[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  /// Reads `{"key": value, ...}`; `value` reads the value of each key.
  private mutating func parseObject(
    value: (inout Self, String) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("{")
    if skip("}") { return }
    repeat {
      skipBlanks()
      let key = try parseString()
      try expect(":")
      try value(&self, key)
    } while skip(",")
    try expect("}")
  }

  private mutating func parseIntegers() throws(Failure) -> [Int] {
    try expect("[")
    var integers: [Int] = []
    if skip("]") { return integers }
    repeat {
      integers.append(try parseInteger())
    } while skip(",")
    try expect("]")
    return integers
  }

  /// Reads a non-negative integer without leading zeros, fraction or exponent.
  private mutating func parseInteger() throws(Failure) -> Int {
    skipBlanks()
    let start = position
    var value = 0
    while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowInSum) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !overflow, !overflowInSum else { throw syntax("an integer below 2^63") }
      value = sum
      position += 1
    }
    let length = position - start
    let isInteger = next != UInt8(ascii: ".") && next != UInt8(ascii: "e") && next != UInt8(ascii: "E")
    guard length > 0, length == 1 || bytes[start] != UInt8(ascii: "0"), isInteger else {
      position = start
      throw syntax("a non-negative integer")
    }
    return value
  }

  mutating func parseString() throws(Failure) -> String {
    try expect("\"")
    var start = position
    var text = ""
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        text += String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        return text
      case UInt8(ascii: "\\"):
        text += String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        text.unicodeScalars.append(try parseEscape())
        start = position
      case 0..<0x20: throw syntax("no control character")
      default: position += 1
      }
    }
    throw syntax("the end of the text")
  }

  private mutating func parseEscape() throws(Failure) -> Unicode.Scalar {
    guard let byte = next else { throw syntax("an escape") }
    position += 1
    switch Unicode.Scalar(byte) {
    case "\"", "\\", "/": return Unicode.Scalar(byte)
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try parseFourHexDigits()
      guard UTF16.isLeadSurrogate(unit) else {
        guard let scalar = Unicode.Scalar(unit) else { throw syntax("a paired surrogate") }
        return scalar
      }
      guard bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
        throw syntax("the second half of a surrogate pair")
      }
      position += 2
      let trail = try parseFourHexDigits()
      guard UTF16.isTrailSurrogate(trail) else { throw syntax("the second half of a surrogate pair") }
      return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    default:
      position -= 1
      throw syntax("an escape")
    }
  }

  private mutating func parseFourHexDigits() throws(Failure) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw syntax("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
