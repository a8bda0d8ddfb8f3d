extension JSONReader {
  /// Reads a text.
  ///
  /// - Throws: ``JSONSyntaxError`` if something else is there, or the text has control characters or broken escapes.
  public mutating func string() throws(JSONSyntaxError) -> String {
    try expect("\"")
    let start = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
      case UInt8(ascii: "\\"): return try stringWithEscapes(from: start)
      case 0..<0x20: throw expected("no control character")
      default: position += 1
      }
    }
    throw expected("the end of the text")
  }

  /// The text that begins at `start` and has its first escape at the next byte.
  private mutating func stringWithEscapes(from start: Int) throws(JSONSyntaxError) -> String {
    var start = start
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
        text.unicodeScalars.append(try escape())
        start = position
      case 0..<0x20: throw expected("no control character")
      default: position += 1
      }
    }
    throw expected("the end of the text")
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    guard let byte = next else { throw expected("an escape") }
    position += 1
    switch Unicode.Scalar(byte) {
    case "\"", "\\", "/": return Unicode.Scalar(byte)
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try fourHexadecimalDigits()
      guard UTF16.isLeadSurrogate(unit) else {
        guard let scalar = Unicode.Scalar(unit) else { throw expected("a paired surrogate") }
        return scalar
      }
      guard skipUnicodeEscape() else { throw expected("the second half of a surrogate pair") }
      let trail = try fourHexadecimalDigits()
      guard UTF16.isTrailSurrogate(trail) else { throw expected("the second half of a surrogate pair") }
      return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    default:
      position -= 1
      throw expected("an escape")
    }
  }

  private mutating func skipUnicodeEscape() -> Bool {
    guard position + 2 <= bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    else { return false }
    position += 2
    return true
  }

  private mutating func fourHexadecimalDigits() throws(JSONSyntaxError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case let byte? where (0x30...0x39).contains(byte): digit = byte - 0x30
      case let byte? where (0x41...0x46).contains(byte): digit = byte - 0x41 + 10
      case let byte? where (0x61...0x66).contains(byte): digit = byte - 0x61 + 10
      default: throw expected("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
