import Foundation

/// The one line at the bottom of a terminal that is drawn over, and kept out of the way of every other line.
final class StatusLine: @unchecked Sendable {
  static let shared = StatusLine()

  private static let wipe = "\r\u{1B}[K"
  private let lock = NSLock()
  // Guarded by `lock`: what is on the screen now.
  private var shown: String?

  /// Draws `text` over the line that is there.
  func draw(_ text: String) {
    lock.withLock {
      guard text != shown else { return }
      try? StandardStream.error.write(Self.wipe + text)
      shown = text
    }
  }

  /// Removes the line.
  func clear() {
    lock.withLock {
      if shown != nil { try? StandardStream.error.write(Self.wipe) }
      shown = nil
    }
  }

  /// Writes something else where the line is, and draws the line again below it.
  func around(_ body: () throws -> Void) rethrows {
    try lock.withLock {
      guard let shown else { return try body() }
      try? StandardStream.error.write(Self.wipe)
      defer { try? StandardStream.error.write(shown) }
      try body()
    }
  }
}
