import DelimitedText
import Foundation
import RadiographData

/// A table of a source: `DelimitedTable` with the file's name in every error.
struct SourceTable: Sendable {
  let url: URL
  private let table: DelimitedTable

  /// Tables are unpacked in memory up to this size; MIMIC-CXR's largest has 60 MB.
  private static let gzipLimit = 1 << 30

  /// A file, or one compressed by gzip (`.gz`).
  init(contentsOf url: URL) throws(DatasetError) {
    self.url = url
    do {
      if url.pathExtension.lowercased() == "gz" {
        let data = try GzipReader.contents(of: url, limit: Self.gzipLimit)
        let inner = url.deletingPathExtension().pathExtension
        table = try DelimitedTable(data, format: DelimitedFormat(pathExtension: inner))
      } else {
        table = try DelimitedTable(contentsOf: url.path)
      }
    } catch let error as DelimitedTextError {
      if case .unreadable(let reason) = error { throw .inputOutput(path: url.path, reason: reason) }
      throw .malformedTable(path: url.path, reason: error.fact)
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  var columns: [String] { table.columns }

  func index(of names: String...) -> Int? { names.lazy.compactMap { table.index(of: $0) }.first }

  /// The place of a column that must be there.
  func require(_ name: String) throws(DatasetError) -> Int {
    guard let index = table.index(of: name) else { throw .malformedTable(path: url.path, reason: "no column \(name)") }
    return index
  }

  func forEachRow(_ body: (DelimitedRow) throws(DatasetError) -> Void) throws(DatasetError) {
    var reader = table.rows()
    while true {
      let row: DelimitedRow?
      do {
        row = try reader.next()
      } catch {
        throw .malformedTable(path: url.path, reason: error.fact)
      }
      guard let row else { return }
      try body(row)
    }
  }
}

extension DelimitedTextError {
  /// What is wrong, without the remedy: `DatasetError` has another.
  fileprivate var fact: String { "\(self)".split(separator: ":").first.map(String.init) ?? "\(self)" }
}
