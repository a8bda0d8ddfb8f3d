import Foundation
import Support

/// What a person at the terminal sees. Results go to standard output, everything else to standard error.
public struct Console: Sendable {
  public enum Level: Int, Sendable {
    case quiet
    case normal
    case verbose
  }

  public var level: Level

  public init(level: Level) {
    self.level = level
  }

  /// Writes a remark worth reading; nothing with `--quiet`.
  public func note(_ text: @autoclosure () -> String) {
    if level != .quiet { Self.writeError(text()) }
  }

  /// Writes a detail; only with `--verbose`.
  public func detail(_ text: @autoclosure () -> String) {
    if level == .verbose { Self.writeError(text()) }
  }

  /// Begins to show how far a long piece of work is: one line that is drawn over on a terminal, a plain line now and
  /// then elsewhere, nothing with `--quiet`.
  ///
  /// - Parameters:
  ///   - label: What is being done, such as `importing nih`.
  ///   - unit: What is counted, in the plural, such as `images`.
  ///   - total: How many there are; nil if that is not known.
  ///   - done: How many are done already, for work that is continued: they count for the share and not for the rate.
  public func meter(_ label: String, unit: String, total: Int?, done: Int = 0) -> ProgressMeter {
    let place: ProgressMeter.Place =
      level == .quiet ? .nowhere : TerminalWindow.canDrawOver ? .terminal : .lines
    return ProgressMeter(label, unit: unit, total: total, done: done, place: place)
  }

  /// Removes the line of progress for good, so that the next text starts on a clean one.
  public static func clearProgress() { StatusLine.shared.clear() }

  /// Writes one line on standard error, whatever the text holds.
  public static func writeError(_ text: String) {
    // If standard error is closed the text has no reader.
    StatusLine.shared.around { try? StandardStream.error.write(text.onOneLine() + "\n") }
  }

  /// Writes a result. Lines for a pipe without a reader are dropped: the files of a command are its result
  /// too.
  ///
  /// - Throws: ``StreamError`` for a full disk and a closed stream.
  public static func writeResult(_ text: String) throws {
    try StatusLine.shared.around { try StandardStream.output.write(text + "\n") }
  }

  /// Writes `value` as the one JSON object of a `--json` call.
  ///
  /// - Throws: ``StreamError``; `EncodingError` for a number that JSON does not have.
  public static func writeJSON(_ value: some Encodable) throws {
    try writeResult(String(decoding: PrettyJSON.data(value), as: UTF8.self))
  }
}
