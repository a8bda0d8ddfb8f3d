import Foundation

extension PromptsFile {
  /// The text of a file, and its bytes without a byte-order mark.
  ///
  /// - Throws: ``PromptsFileError/notText(path:found:)`` for bytes that are not UTF-8, and for control characters that
  ///   no text has a use for: a file with them does not hold prompts.
  static func text(of data: Data, path: String) throws(PromptsFileError) -> (body: Data, text: String) {
    if let encoding = wideEncoding(of: data) {
      throw .notText(path: path, found: "is \(encoding) text, which is not read")
    }
    let body = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
    if let place = body.firstIndex(where: ControlCharacter.isUnwanted) {
      let position = position(of: place, in: body)
      throw .notText(
        path: path,
        found: "holds \(ControlCharacter.name(of: body[place])) at line \(position.line), "
          + "character \(position.character)")
    }
    guard let text = String(validating: body, as: UTF8.self) else {
      let place = firstInvalidByte(of: body)
      let position = position(of: place, in: body)
      let byte = String(body[place], radix: 16, uppercase: true)
      throw .notText(
        path: path,
        found: "is not UTF-8 at line \(position.line), character \(position.character), where it has the byte 0x\(byte)"
      )
    }
    return (body, text)
  }

  /// UTF-16 and UTF-32, by their byte-order mark or by the zeros that they have in every letter of English.
  private static func wideEncoding(of data: Data) -> String? {
    let start = Array(data.prefix(64))
    if start.starts(with: [0xFF, 0xFE, 0, 0]) || start.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    guard start.count >= 4, start.count % 2 == 0 || start.count == 64 else { return nil }
    let isZero = start.map { $0 == 0 }
    for parity in 0...1 {
      let own = stride(from: parity, to: isZero.count, by: 2).map { isZero[$0] }
      let other = stride(from: 1 - parity, to: isZero.count, by: 2).map { isZero[$0] }
      if own.allSatisfy({ $0 }), !other.contains(true) { return "UTF-16" }
    }
    return nil
  }

  /// The line and the character in it, both from 1, of the byte at `index`.
  private static func position(of index: Data.Index, in data: Data) -> (line: Int, character: Int) {
    let before = String(decoding: data[..<index], as: UTF8.self)
    let lines = before.split(omittingEmptySubsequences: false, whereSeparator: isLineEnd)
    return (lines.count, (lines.last?.count ?? 0) + 1)
  }

  /// "\r\n" is one Character in Swift, so one rule covers all line ends.
  static func isLineEnd(_ character: Character) -> Bool {
    character == "\n" || character == "\r\n" || character == "\r"
  }

  /// Where the first sequence begins that is not UTF-8; `data` has one.
  private static func firstInvalidByte(of data: Data) -> Data.Index {
    var parser = Unicode.UTF8.ForwardParser()
    var bytes = data.makeIterator()
    var place = data.startIndex
    while true {
      switch parser.parseScalar(from: &bytes) {
      case .valid(let scalar): place += scalar.count
      case .error, .emptyInput: return min(place, data.endIndex - 1)
      }
    }
  }
}
