/// Values under keys that the format does not know: checked as JSON and passed over.
extension SafetensorsHeader {
  /// Skips one value of any kind, with brackets counted instead of recursing.
  mutating func skipValue() throws(Failure) {
    // serde_json, which the format's reference reads with, goes no deeper.
    let depthLimit = 128
    var closers: [Unicode.Scalar] = []
    repeat {
      skipBlanks()
      if let closer = closers.last, closer == "}" {
        _ = try parseString()
        try expect(":")
        skipBlanks()
      }
      if skip("{") {
        closers.append("}")
      } else if skip("[") {
        closers.append("]")
      } else {
        try skipScalar()
        try finishValue(&closers)
        continue
      }
      guard closers.count <= depthLimit else { throw syntax("at most \(depthLimit) brackets") }
      if let closer = closers.last, skip(closer) {
        closers.removeLast()
        try finishValue(&closers)
      }
    } while !closers.isEmpty
  }

  /// After a value inside brackets: a comma before the next one, or closers.
  private mutating func finishValue(_ closers: inout [Unicode.Scalar]) throws(Failure) {
    while let closer = closers.last {
      if skip(",") { return }
      try expect(closer)
      closers.removeLast()
    }
  }

  private mutating func skipScalar() throws(Failure) {
    if next == UInt8(ascii: "\"") {
      _ = try parseString()
      return
    }
    for literal: StaticString in ["true", "false", "null"] where try skip(literal: literal) { return }
    let start = position
    guard skipNumber(), Double(String(decoding: bytes[start..<position], as: UTF8.self))?.isFinite == true else {
      position = start
      throw syntax("a value")
    }
  }

  /// Skips a number by JSON's grammar; false if none begins here.
  private mutating func skipNumber() -> Bool {
    if next == UInt8(ascii: "-") { position += 1 }
    let start = position
    guard skipDigits(), position == start + 1 || bytes[start] != UInt8(ascii: "0") else { return false }
    if next == UInt8(ascii: ".") {
      position += 1
      guard skipDigits() else { return false }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      return skipDigits()
    }
    return true
  }

  /// Skips decimal digits; false if there are none.
  private mutating func skipDigits() -> Bool {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    return position > start
  }
}
