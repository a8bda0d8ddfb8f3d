import Dispatch
import Foundation
import Training

/// Ctrl-C, `kill` and a terminal that is closed cancel the running work, which stops between two steps and leaves no
/// partial file.
enum Interruption {
  /// Under `nohup` the closing of the terminal is not to be noticed.
  private static var signals: [Int32] { [SIGINT, SIGTERM] + (isIgnored(SIGHUP) ? [] : [SIGHUP]) }

  private static func isIgnored(_ number: Int32) -> Bool {
    let before = signal(number, SIG_IGN)
    defer { signal(number, before) }
    return before.map { unsafeBitCast($0, to: Int.self) } == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Runs `body`, cancelling it on the first signal. A second one ends the process at once; a hang-up, which a terminal
  /// and its shell both send, does not.
  static func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let work = Task(operation: body)
    let pending = Pending()
    let sources = signals.map { number in
      // The dispatch source sees the signal only when its default action is off.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        let isFirst = pending.isFirst()
        if isFirst { work.cancel() } else if number != SIGHUP { _exit(ExitStatus.interrupted.rawValue) }
      }
      source.resume()
      return source
    }
    defer { sources.forEach { $0.cancel() } }
    try await work.value
  }

  /// Raises `flag` at every SIGUSR1 until the result is cancelled.
  static func raise(_ flag: CheckpointFlag) -> any DispatchSourceSignal {
    // It stays ignored: one that comes late must not end a process that is about to end well.
    signal(SIGUSR1, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGUSR1, queue: .global())
    source.setEventHandler { flag.raise() }
    source.resume()
    return source
  }

  private final class Pending: @unchecked Sendable {
    // Guarded by `lock`.
    private var seen = false
    private let lock = NSLock()

    func isFirst() -> Bool {
      lock.withLock {
        defer { seen = true }
        return !seen
      }
    }
  }
}
