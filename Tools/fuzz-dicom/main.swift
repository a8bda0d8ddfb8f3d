// Fuzzes the DICOM reader, in this process:
//
//     fuzz-dicom CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS] [--dump FOLDER]
//
// A case is made from the seed and its number alone, so `--first N --cases 1` runs one again. Ends with 0 when no case
// failed, 1 when one did, and 70 when the reader crashed or hung; the number of the case is printed then. `--dump`
// writes the cases as files instead.

import DICOMFuzzing
import Foundation

/// The number of the case that runs, where a signal handler can read it.
nonisolated(unsafe) let currentCase = UnsafeMutablePointer<Int>.allocate(capacity: 1)

/// Prints the case and ends. Only calls that are safe in a signal handler.
@Sendable func reportAndExit(_ signal: Int32) {
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

struct Options {
  var folders: [URL] = []
  var cases = 200_000
  var seed: UInt64 = 1
  var first = 0
  var timeLimit = 1.0
  var dump: URL?

  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        folders.append(URL(fileURLWithPath: argument))
        continue
      }
      guard let value = rest.popFirst() else { return nil }
      switch argument {
      case "--cases": cases = Int(value) ?? -1
      case "--seed": seed = UInt64(value) ?? 0
      case "--first": first = Int(value) ?? -1
      case "--time-limit": timeLimit = Double(value) ?? -1
      case "--dump": dump = URL(fileURLWithPath: value)
      default: return nil
      }
    }
    guard !folders.isEmpty, cases >= 0, first >= 0, timeLimit > 0 else { return nil }
  }
}

/// The most memory that this process has held, in MiB.
func peakMemory() -> Int {
  var usage = rusage()
  #if os(Linux)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss / 1_048_576
  #endif
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
  print("usage: fuzz-dicom CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS] [--dump FOLDER]")
  exit(64)
}

let fuzzer = try DICOMFuzzer(
  seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
let cases = options.first..<(options.first + options.cases)
if let folder = options.dump {
  for index in cases {
    try Data(fuzzer.bytes(ofCase: index)).write(to: folder.appendingPathComponent("\(index).dcm"))
  }
  exit(0)
}
for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM] { signal(number, reportAndExit) }
let start = ContinuousClock.now
let report = fuzzer.run(cases) { index in
  currentCase.pointee = index
  // Ends a case that would never end by itself.
  alarm(UInt32(options.timeLimit.rounded(.up)) + 10)
}
alarm(0)
for (index, what) in report.failures { print("case \(index): \(what)") }
print(
  "\(report.cases) cases from seed \(options.seed): \(report.headers) headers and \(report.images) images read, no crash "
    + "or hang, \(report.failures.count) failures, slowest \(report.slowest), peak \(peakMemory()) MiB, all "
    + "\(ContinuousClock.now - start)")
for (name, count) in report.bySyntax.sorted(by: { $0.key < $1.key }) { print("  \(count) \(name)") }
exit(report.failures.isEmpty ? 0 : 1)
