import Foundation

/// What a person at the terminal sees. Results go to standard output, everything else to standard error.
struct Console: Sendable {
  enum Level: Int, Sendable {
    case quiet
    case normal
    case verbose
  }

  var level: Level

  /// A remark worth reading, without `--quiet`.
  func note(_ text: @autoclosure () -> String) {
    if level != .quiet { Self.writeError(text()) }
  }

  /// A detail, with `--verbose` only.
  func detail(_ text: @autoclosure () -> String) {
    if level == .verbose { Self.writeError(text()) }
  }

  /// Progress on one line that is drawn over; only on a terminal, and never with `--quiet`.
  func progress(_ text: @autoclosure () -> String) {
    if level != .quiet, Self.isTerminal { try? Self.write("\r\u{1B}[K" + text(), to: STDERR_FILENO) }
  }

  /// Wipes the progress line so that the next text starts on a clean one.
  func clearProgress() {
    if level != .quiet, Self.isTerminal { try? Self.write("\r\u{1B}[K", to: STDERR_FILENO) }
  }

  private static let isTerminal = isatty(STDERR_FILENO) == 1

  /// One line on standard error, whatever the text holds.
  static func writeError(_ text: String) {
    // Where standard error is closed there is nobody left to tell.
    try? write(oneLine(text) + "\n", to: STDERR_FILENO)
  }

  /// Writes a result; a full disk or a closed pipe is an error here and not a silent loss.
  static func writeResult(_ text: String) throws {
    try write(text + "\n", to: STDOUT_FILENO)
  }

  /// Writes `value` as the one JSON object of a `--json` call.
  static func writeJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeResult(String(decoding: encoder.encode(value), as: UTF8.self))
  }

  private static func write(_ text: String, to descriptor: Int32) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw StreamError.cannotWrite(reason: String(cString: strerror(errno))) }
      bytes = bytes.dropFirst(written)
    }
  }

  static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
      .map { character in
        // Control characters of a quoted file name must not steer the terminal.
        character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
          ? "?" : String(character)
      }.joined()
  }
}

enum StreamError: Error, CustomStringConvertible {
  case cannotWrite(reason: String)

  var description: String {
    switch self {
    case .cannotWrite(let reason): "results cannot be written to standard output (\(reason)): free space or the pipe"
    }
  }
}
