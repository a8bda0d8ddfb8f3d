/// Why a table of delimited text cannot be read. The caller puts the file's name in front.
public enum DelimitedTextError: Error, Sendable, Equatable {
  case unreadable(reason: String)
  /// There is no row in it.
  case empty
  /// A name that more than one column has.
  case repeatedColumn(name: String)
  /// A byte 0, which no text holds: the file is binary, or damaged.
  case nulByte(line: Int)
  /// Lines count from 1.
  case unclosedQuote(line: Int)
  /// A quote inside a cell that does not begin with one, or text behind a closing quote.
  case strayQuote(line: Int)
  /// Rows count from 1, the header's included.
  case cellTooLong(row: Int, limit: Int)
  case tooManyCells(row: Int, limit: Int)
  /// Text that had to be UTF-8 and is not.
  case notUTF8(line: Int)
  /// UTF-16 that ends in the middle of a character, or has half of a pair.
  case malformedUTF16
}

extension DelimitedTextError: CustomStringConvertible {
  /// The line, or the row, that is at fault.
  public var line: Int? {
    switch self {
    case .nulByte(let line), .unclosedQuote(let line), .strayQuote(let line), .notUTF8(let line): line
    case .cellTooLong(let row, _), .tooManyCells(let row, _): row
    case .unreadable, .empty, .repeatedColumn, .malformedUTF16: nil
    }
  }

  public var description: String {
    switch self {
    case .unreadable(let reason): "it cannot be read, \(reason): check the path"
    case .empty: "it is empty: give a table with a first line of names"
    case .repeatedColumn(let name):
      "two columns are called '\(name.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(40))': "
        + "give each a name of its own"
    case .nulByte(let line): "it holds NUL bytes, the first on line \(line): give it as text"
    case .unclosedQuote(let line): "a quote that opens on line \(line) is not closed: close it"
    case .strayQuote(let line): "a quote stands inside a field of line \(line): double it and quote the field"
    case .cellTooLong(let row, let limit): "row \(row) has a cell above \(limit) bytes: shorten it or close its quote"
    case .tooManyCells(let row, let limit): "row \(row) has more than \(limit) cells: check what separates them"
    case .notUTF8(let line): "line \(line) is not UTF-8: save it as UTF-8"
    case .malformedUTF16: "it is UTF-16 with broken characters: save it as UTF-8"
    }
  }
}
