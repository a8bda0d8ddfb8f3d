import Foundation

/// Recognises how text is encoded. Readers work on UTF-8; UTF-16 is converted to it once, whole.
public enum CharacterEncoding {
  /// The text of `data` in UTF-8 without a byte order mark; what is not UTF-16 passes as it is.
  ///
  /// - Throws: `malformedUTF16`.
  public static func unified(_ data: Data) throws(DelimitedTextError) -> Data {
    if data.starts(with: utf8Mark) { return data.withoutMarks }
    if data.starts(with: [0xFF, 0xFE]) { return try utf16(data.dropFirst(2), isBigEndian: false) }
    if data.starts(with: [0xFE, 0xFF]) { return try utf16(data.dropFirst(2), isBigEndian: true) }
    // Without a mark: four letters in a row with a zero on one and the same side.
    let head = Array(data.prefix(8))
    guard head.count == 8 else { return data }
    for isBigEndian in [false, true] {
      let zeros = stride(from: isBigEndian ? 0 : 1, to: 8, by: 2).allSatisfy { head[$0] == 0 }
      let letters = stride(from: isBigEndian ? 1 : 0, to: 8, by: 2).allSatisfy { head[$0] >= 9 && head[$0] < 127 }
      if zeros && letters { return try utf16(data, isBigEndian: isBigEndian) }
    }
    return data
  }

  static let utf8Mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func utf16(_ data: Data, isBigEndian: Bool) throws(DelimitedTextError) -> Data {
    guard data.count.isMultiple(of: 2) else { throw .malformedUTF16 }
    var result = Data(capacity: data.count / 2 + 16)
    let isWhole = data.withUnsafeBytes { bytes in
      let units = (0..<bytes.count / 2).lazy.map { index in
        let first = UInt16(bytes[index * 2])
        let second = UInt16(bytes[index * 2 + 1])
        return isBigEndian ? first << 8 | second : second << 8 | first
      }
      let isBroken = transcode(
        units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true, into: { result.append($0) })
      return !isBroken
    }
    guard isWhole else { throw .malformedUTF16 }
    return result.withoutMarks
  }

  /// A whole text of any of the encodings of `DelimitedFormat.Encodings.detected`.
  ///
  /// - Throws: `malformedUTF16`, `nulByte`.
  public static func text(_ data: Data) throws(DelimitedTextError) -> String {
    let unified = try unified(data)
    guard !unified.contains(0) else { throw .nulByte(line: 1) }
    return text(utf8OrLatin: unified)
  }

  static func text(utf8OrLatin bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    for byte in bytes {
      let isSpecial = (0x80..<0xA0).contains(byte)
      text.unicodeScalars.append(isSpecial ? windows1252[Int(byte) - 0x80] : Unicode.Scalar(byte))
    }
    return text
  }

  /// What Windows-1252 has in place of Latin-1's control characters 0x80 to 0x9F.
  private static let windows1252 = Array(
    "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)
}

extension Data {
  /// The bytes behind byte order marks in UTF-8: a file that was saved twice has two.
  var withoutMarks: Data {
    var rest = self
    while rest.starts(with: CharacterEncoding.utf8Mark) { rest = rest.dropFirst(CharacterEncoding.utf8Mark.count) }
    return rest
  }
}
