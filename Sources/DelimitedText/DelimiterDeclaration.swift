import Foundation

/// The line `sep=;` that spreadsheets write, and read, above a table: it names the table's delimiter, and is no row of
/// it.
///
/// Spreadsheets that take it for a row write it back with cells behind it (`sep=;;;`), or quoted with the delimiter
/// that they use themselves (`"sep=;",,`), which then is the table's.
struct DelimiterDeclaration: Equatable {
  /// nil if the line names none: the next line decides then.
  var delimiter: UInt8?
  /// The line's bytes, its end included.
  var length: Int

  /// Returns nil if the first line is no such declaration.
  init?(_ data: Data) {
    let line = data.prefix(64).prefix { $0 != 0x0A && $0 != 0x0D }
    let end = data.dropFirst(line.count)
    guard let terminator = end.first else { return nil }
    length = line.count + (terminator == 0x0D && end.dropFirst().first == 0x0A ? 2 : 1)

    var text = line.drop { $0 == 0x20 }
    while text.last == 0x20 { text.removeLast() }
    var behind = text[text.endIndex...]
    if text.first == UInt8(ascii: "\"") {
      guard let close = text.dropFirst().firstIndex(of: UInt8(ascii: "\"")) else { return nil }
      behind = text[(close + 1)...]
      text = text[(text.startIndex + 1)..<close]
    }
    let key = text.prefix(4).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    guard key == Array("sep=".utf8) else { return nil }
    var named = text.dropFirst(4)
    if named.elementsEqual(Array("\\t".utf8)) { named = Data([0x09])[...] }
    guard let delimiter = Self.only(behind.isEmpty ? named : behind) else {
      guard named.isEmpty, behind.isEmpty else { return nil }
      return
    }
    self.delimiter = delimiter
  }

  /// The one byte that all of these are, if it can part cells.
  private static func only(_ bytes: Data) -> UInt8? {
    guard let first = bytes.first, bytes.allSatisfy({ $0 == first }) else { return nil }
    let isLetter = (0x30...0x39).contains(first) || (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first)
    return first < 0x80 && first != UInt8(ascii: "\"") && !isLetter ? first : nil
  }
}
