import Foundation

/// A table of delimited text with a row of names on top, read from a mapped file row by row.
public struct DelimitedTable: Sendable {
  /// The names of the first row, without the blanks around them.
  public let columns: [String]
  private let body: DelimitedReader
  private let indices: [String: Int]

  /// - Throws: `unreadable`, `empty`, or what is wrong with the first row.
  public init(contentsOf path: String, format: DelimitedFormat? = nil) throws(DelimitedTextError) {
    let data: Data
    // A device has no end, and a pipe cannot be mapped.
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw .unreadable(reason: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is no regular file")
    }
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw .unreadable(reason: error.localizedDescription)
    }
    let pathExtension = (path as NSString).pathExtension
    try self.init(data, format: format ?? DelimitedFormat(pathExtension: pathExtension))
  }

  /// - Throws: `empty`, or what is wrong with the first row.
  public init(_ data: Data, format: DelimitedFormat = DelimitedFormat()) throws(DelimitedTextError) {
    var reader = try DelimitedReader(data, format: format)
    guard let header = try reader.next() else { throw .empty }
    columns = (0..<header.count).map { header.text($0) ?? "" }
    indices = Dictionary(columns.enumerated().map { ($1.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    body = reader
  }

  /// Checks that no two columns have one name, whatever its case; those without a name do not count.
  ///
  /// - Throws: `repeatedColumn`.
  public func requireDistinctColumns() throws(DelimitedTextError) {
    var seen: Set<String> = []
    for name in columns where !name.isEmpty && !seen.insert(name.lowercased()).inserted {
      throw .repeatedColumn(name: name)
    }
  }

  /// The place of the first of these columns that is there, whatever its case.
  public func index(of names: String...) -> Int? {
    names.lazy.compactMap { indices[$0.lowercased()] }.first
  }

  /// A reader of the rows below the names, from the first.
  public func rows() -> DelimitedReader { body }
}
