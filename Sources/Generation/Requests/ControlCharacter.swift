/// The control characters that no prompt has a use for: C0's but for tab, line feed, vertical tab, form feed and carriage
/// return, and DEL.
enum ControlCharacter {
  static func isUnwanted(_ byte: UInt8) -> Bool {
    byte < 0x20 && !(0x09...0x0D).contains(byte) || byte == 0x7F
  }

  /// The first of a text, and its place from 1.
  static func first(in text: String) -> (name: String, character: Int)? {
    for (index, scalar) in text.unicodeScalars.enumerated() where scalar.isASCII && isUnwanted(UInt8(scalar.value)) {
      return (name(of: UInt8(scalar.value)), index + 1)
    }
    return nil
  }

  static func name(of byte: UInt8) -> String {
    let names = [
      "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
      "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
    ]
    let digits = String(byte, radix: 16, uppercase: true)
    return
      "the control character \(byte == 0x7F ? "DEL" : names[Int(byte)]) (U+00\(digits.count < 2 ? "0" : "")\(digits))"
  }
}

extension PromptEntry {
  /// A prompt that is given in words of its own, and not in a file; `index` counts from 0.
  ///
  /// - Throws: ``RequestError/controlCharacter(what:found:character:)``, as prompts files are refused for it.
  public init(given prompt: String, index: Int) throws(RequestError) {
    try RequestError.refuseControlCharacters(in: prompt, of: "prompt \(index + 1)")
    self.init(prompt: prompt)
  }
}

extension RequestError {
  /// - Throws: ``RequestError/controlCharacter(what:found:character:)``.
  static func refuseControlCharacters(in text: String, of what: String) throws(RequestError) {
    guard let found = ControlCharacter.first(in: text) else { return }
    throw .controlCharacter(what: what, found: found.name, character: found.character)
  }
}
