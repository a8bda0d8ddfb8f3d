import Foundation

/// Reads rows one after another; memory holds the bytes that were given (a mapped file's are the system's) and one row.
public struct DelimitedReader: Sendable {
  public let format: DelimitedFormat
  private let data: Data
  private let delimiter: UInt8
  /// Bytes read so far.
  private var position = 0
  private var line = 1
  private var row = 0

  /// - Throws: `malformedUTF16`.
  public init(_ data: Data, format: DelimitedFormat = DelimitedFormat()) throws(DelimitedTextError) {
    switch format.encodings {
    case .utf8: self.data = data.withoutMarks
    case .detected: self.data = try CharacterEncoding.unified(data)
    }
    self.format = format
    let declaration = DelimiterDeclaration(self.data)
    if let declaration {
      position = declaration.length
      line = 2
    }
    delimiter = declaration?.delimiter ?? format.delimiter ?? Self.delimiter(in: self.data.dropFirst(position))
  }

  /// The most frequent candidate of the first line with anything in it; a comma if there is none.
  private static func delimiter(in data: Data) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    var isBlank = true
    for byte in data.prefix(1 << 16) {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        if isBlank { continue }
        break
      }
      isBlank = false
      counts[byte, default: 0] += 1
    }
    let candidates = [",", "\t", ";", "|"].map { (byte: UInt8(ascii: $0), count: counts[UInt8(ascii: $0)] ?? 0) }
    let most = candidates.map(\.count).max() ?? 0
    return candidates.first { $0.count == most }?.byte ?? UInt8(ascii: ",")
  }

  /// The next row that is not a blank line; nil at the end.
  ///
  /// - Throws: `DelimitedTextError` if a quote is not closed, a byte is 0, a cell or a row is too long, or text that has
  ///   to be UTF-8 is not.
  public mutating func next() throws(DelimitedTextError) -> DelimitedRow? {
    while position < data.count {
      var scanner = RowScanner(delimiter: delimiter, format: format, position: position, line: line, row: row + 1)
      let failure = data.withUnsafeBytes { scanner.scan($0) }
      if let failure { throw failure }
      let start = line
      (position, line, row) = (scanner.position, scanner.line, row + 1)
      if scanner.isBlankLine { continue }
      let result = DelimitedRow(number: row, line: start, bytes: scanner.bytes, ends: scanner.ends)
      if format.encodings == .utf8, String(validating: result.bytes, as: UTF8.self) == nil {
        throw .notUTF8(line: start)
      }
      return result
    }
    return nil
  }
}

/// Reads one row, byte by byte.
private struct RowScanner {
  let delimiter: UInt8
  let format: DelimitedFormat
  var position: Int
  var line: Int
  let row: Int
  var bytes: [UInt8] = []
  var ends: [Int] = []
  /// Whether the line has no character at all.
  var isBlankLine = false

  init(delimiter: UInt8, format: DelimitedFormat, position: Int, line: Int, row: Int) {
    self.delimiter = delimiter
    self.format = format
    self.position = position
    self.line = line
    self.row = row
  }

  mutating func scan(_ source: UnsafeRawBufferPointer) -> DelimitedTextError? {
    let start = position
    while true {
      if let failure = cell(source) { return failure }
      ends.append(bytes.count)
      guard ends.count <= format.maximumCells else {
        return .tooManyCells(row: row, limit: format.maximumCells)
      }
      guard position < source.count else { break }
      let separator = source[position]
      if separator == delimiter {
        position += 1
        continue
      }
      isBlankLine = position == start
      position += 1
      if separator == 0x0D, position < source.count, source[position] == 0x0A { position += 1 }
      line += 1
      break
    }
    return nil
  }

  /// Stops at the separator that follows, or at the end.
  private mutating func cell(_ source: UnsafeRawBufferPointer) -> DelimitedTextError? {
    let start = bytes.count
    let firstLine = line
    var isQuoted = false
    var wasQuoted = false
    if position < source.count, source[position] == 0x22 {
      isQuoted = true
      position += 1
    }
    while position < source.count {
      let byte = source[position]
      if byte == 0 { return .nulByte(line: line) }
      if isQuoted {
        position += 1
        if byte == 0x22 {
          if position < source.count, source[position] == 0x22 {
            position += 1
          } else {
            isQuoted = false
            wasQuoted = true
            continue
          }
        } else if byte == 0x0A || (byte == 0x0D && !(position < source.count && source[position] == 0x0A)) {
          line += 1
        }
      } else {
        if byte == delimiter || byte == 0x0A || byte == 0x0D { break }
        if format.quotes == .strict, wasQuoted || byte == 0x22 { return .strayQuote(line: firstLine) }
        position += 1
      }
      bytes.append(byte)
      if bytes.count - start > format.maximumCellBytes {
        return .cellTooLong(row: row, limit: format.maximumCellBytes)
      }
    }
    return isQuoted ? .unclosedQuote(line: firstLine) : nil
  }
}
