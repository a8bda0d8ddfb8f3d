// Fuzzes the readers of tensor files, in this process:
//
//     fuzz-tensor-files safetensors|checkpoint CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS]
//     fuzz-tensor-files safetensors CORPUS... --dump FILE [--cases N] [--seed N] [--first N]
//
// A case is made from the seed and its number alone, so `--first N --cases 1` runs one again. Ends with 0 when no case
// failed, 1 when one did, and 70 when a reader crashed or hung; the number of the case is printed then. `--dump` writes every case and
// whether it was accepted instead, for Tools/reference/compare_safetensors.py.

import Foundation
import TensorFileFuzzing
import TensorFiles

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
  var format: Fuzzer.Format
  var folders: [URL] = []
  var cases = 1_000_000
  var seed: UInt64 = 1
  var first = 0
  var timeLimit = 1.0
  var dump: String?

  init?(_ arguments: [String]) {
    guard let name = arguments.first, let format = Fuzzer.Format(rawValue: name) else { return nil }
    self.format = format
    var rest = arguments.dropFirst()
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
      case "--dump": dump = value
      case "--time-limit": timeLimit = Double(value) ?? -1
      default: return nil
      }
    }
    guard !folders.isEmpty, cases >= 0, first >= 0, timeLimit > 0 else { return nil }
  }
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
  print(
    "usage: fuzz-tensor-files safetensors|checkpoint CORPUS... [--cases N] [--seed N] [--first N] [--time-limit S]"
      + " [--dump FILE]")
  exit(64)
}

let fuzzer = try Fuzzer(
  format: options.format, seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM] { signal(number, reportAndExit) }
if let path = options.dump {
  // Each case: its length in 8 bytes, 1 or 0 for accepted or refused, its bytes.
  let file = try AtomicFile(path: path)
  for index in options.first..<(options.first + options.cases) {
    let bytes = fuzzer.bytes(ofCase: index)
    try file.write(withUnsafeBytes(of: UInt64(bytes.count).littleEndian, Array.init))
    try file.write([fuzzer.accepts(case: index) ? 1 : 0])
    try file.write(bytes)
  }
  try file.commit()
  exit(0)
}
let start = ContinuousClock.now
let report = fuzzer.run(options.first..<(options.first + options.cases)) { index in
  currentCase.pointee = index
  // Ends a case that would never end by itself.
  alarm(UInt32(options.timeLimit.rounded(.up)) + 10)
}
alarm(0)
for (index, what) in report.failures { print("case \(index): \(what)") }
print(
  "\(options.format.rawValue): \(report.cases) cases from seed \(options.seed), \(report.accepted) accepted with "
    + "\(report.tensorCount) tensors, \(report.refused) refused, no crash or hang, "
    + "\(report.failures.count) failures, slowest \(report.slowest), all \(ContinuousClock.now - start)")
exit(report.failures.isEmpty ? 0 : 1)
