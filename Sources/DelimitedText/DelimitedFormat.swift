/// How a table of delimited text is written, and how much of it is taken on trust.
public struct DelimitedFormat: Sendable, Equatable {
  public enum Quotes: Sendable {
    /// RFC 4180: a quote inside a cell, or text behind a closing quote, is an error.
    case strict
    /// What spreadsheets and scripts write: a quote that does not open a cell is a letter like any other.
    case lenient
  }

  public enum Encodings: Sendable {
    /// UTF-8 with or without a byte order mark.
    case utf8
    /// UTF-8, or UTF-16 of either byte order, which its mark or the zeros between its first letters show. A cell that
    /// is neither is read as Windows-1252, of which Latin-1 is a part.
    case detected
  }

  /// The ASCII byte between two cells. If it is nil, the one of `,`, `;`, tab and `|` that is most frequent in the
  /// first line, outside quotes. A line `sep=;` above the table takes precedence over both.
  public var delimiter: UInt8?
  public var quotes: Quotes
  public var encodings: Encodings
  /// The most bytes of a cell in UTF-8: a bound on what a quote that is never closed can cost.
  public var maximumCellBytes: Int
  public var maximumCells: Int

  public init(
    delimiter: UInt8? = nil, quotes: Quotes = .lenient, encodings: Encodings = .detected,
    maximumCellBytes: Int = 1 << 20, maximumCells: Int = 1 << 14
  ) {
    self.delimiter = delimiter
    self.quotes = quotes
    self.encodings = encodings
    self.maximumCellBytes = maximumCellBytes
    self.maximumCells = maximumCells
  }

  /// Tab-separated if the extension says so; otherwise the first line decides.
  public init(pathExtension: String) {
    self.init(delimiter: ["tsv", "tab"].contains(pathExtension.lowercased()) ? UInt8(ascii: "\t") : nil)
  }
}
