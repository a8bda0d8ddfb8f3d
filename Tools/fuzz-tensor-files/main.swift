// Fuzzes the readers of tensor files, in this process:
//
//     fuzz-tensor-files safetensors|checkpoint CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS]
//     fuzz-tensor-files safetensors CORPUS... --dump FILE [--cases N] [--seed N] [--first N]
//
// A case is made from the seed and its number alone, so `--first N --cases 1` runs one again. Ends with 0 when no case
// failed, 1 when one did, and 70 when a reader crashed or hung; the number of the case is printed then. `--dump` writes
// every case and whether it was accepted instead, for Tools/reference/compare_safetensors.py.

import Foundation
import Fuzzing
import TensorFileFuzzing
import TensorFiles

let arguments = CommandLine.arguments.dropFirst()
guard let format = arguments.first.flatMap(Fuzzer.Format.init(rawValue:)),
  let options = FuzzOptions(arguments.dropFirst(), count: 1_000_000)
else {
  print("usage: fuzz-tensor-files safetensors|checkpoint \(FuzzOptions.usage)")
  exit(64)
}

let fuzzer = try Fuzzer(
  format: format, seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
CrashReport.install()
if let path = options.dump {
  // Each case: its length in 8 bytes, 1 or 0 for accepted or refused, its bytes.
  let file = try AtomicFile(path: path)
  for index in options.cases {
    let bytes = fuzzer.bytes(ofCase: index)
    try file.write(withUnsafeBytes(of: UInt64(bytes.count).littleEndian, Array.init))
    try file.write([fuzzer.accepts(case: index) ? 1 : 0])
    try file.write(bytes)
  }
  try file.commit()
  exit(0)
}
let start = ContinuousClock.now
let report = fuzzer.run(options.cases) { CrashReport.begin(case: $0, timeLimit: options.timeLimit) }
CrashReport.end()
for (index, what) in report.failures { print("case \(index): \(what)") }
print(
  "\(format.rawValue): \(report.cases) cases from seed \(options.seed), \(report.accepted) accepted with "
    + "\(report.tensorCount) tensors, \(report.refused) refused, no crash or hang, "
    + "\(report.failures.count) failures, slowest \(report.slowest), all \(ContinuousClock.now - start)")
exit(report.failures.isEmpty ? 0 : 1)
