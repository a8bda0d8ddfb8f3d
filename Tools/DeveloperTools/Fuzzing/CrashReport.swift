import Foundation

/// The number of the case that runs, where a signal handler can read it.
nonisolated(unsafe) private let currentCase = UnsafeMutablePointer<Int>.allocate(capacity: 1)

/// Names the case that runs when the process crashes or hangs, so that it can be run again alone.
package enum CrashReport {
  /// From here on a crash prints the number of its case and ends the process with 70.
  package static func install() {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM] { signal(number, reportAndExit) }
  }

  /// Says which case begins; one that takes longer than `timeLimit` seconds and ten more ends the process.
  package static func begin(case index: Int, timeLimit: Double) {
    currentCase.pointee = index
    alarm(UInt32(timeLimit.rounded(.up)) + 10)
  }

  /// No case runs any more.
  package static func end() { alarm(0) }
}

/// Prints the case and ends. Only calls that are safe in a signal handler.
@Sendable private func reportAndExit(_ signal: Int32) {
  var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
  withUnsafeMutableBytes(of: &digits) { buffer in
    var rest = currentCase.pointee
    var start = buffer.count - 1
    buffer[start] = UInt8(ascii: "\n")
    repeat {
      start -= 1
      buffer[start] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    } while rest > 0
    let message: StaticString = "crashed or hung in case "
    _ = write(2, message.utf8Start, message.utf8CodeUnitCount)
    _ = write(2, buffer.baseAddress.map { $0 + start }, buffer.count - start)
  }
  _exit(70)
}
