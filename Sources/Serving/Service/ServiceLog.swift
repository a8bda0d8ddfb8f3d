import Foundation
import Logging
import Support

/// Writes log entries as plain lines, without metadata: what a request holds stays out of the log.
struct ServiceLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let write: @Sendable (String) -> Void

  /// - Parameter write: Takes a line.
  init(level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
    logLevel = level
    self.write = write
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    write("\(AuditLog.text(Date())) \(event.level.rawValue): \("\(event.message)".onOneLine(limit: 1_000))")
  }
}
