import Evaluation
import Foundation
import Support
import SystemPackage
import Terminal

/// Lines about long work, with the seconds since it began, on standard error.
struct WorkNotes: Sendable {
  let console: Console
  private let start = Date()

  init(_ console: Console) { self.console = console }

  func callAsFunction(_ text: String) { console.note("[\(Int(Date().timeIntervalSince(start))) s] \(text)") }
}

/// A folder of results.
struct ResultFolder {
  let path: String

  /// - Throws: `OutputError` if nothing can be written there.
  init(_ path: String) throws {
    self.path = path
    try FilePath(path).makeWritableFolder()
  }

  /// - Throws: As ``init(_:)``.
  init(_ name: String, in folder: ResultFolder) throws { try self.init(folder.path(name)) }

  func path(_ name: String) -> String { URL(fileURLWithPath: path).appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws { try AtomicFile.write([UInt8](text.utf8), to: path(name)) }

  func write(_ data: Data, to name: String) throws { try AtomicFile.write([UInt8](data), to: path(name)) }
}
