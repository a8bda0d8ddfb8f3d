// Fuzzes the DICOM reader, in this process:
//
//     fuzz-dicom CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS] [--dump FOLDER]
//
// A case is made from the seed and its number alone, so `--first N --cases 1` runs one again. Ends with 0 when no case
// failed, 1 when one did, and 70 when the reader crashed or hung; the number of the case is printed then. `--dump`
// writes the cases as files instead.

import DICOMFuzzing
import Foundation
import Fuzzing

guard let options = FuzzOptions(CommandLine.arguments.dropFirst(), count: 200_000) else {
  print("usage: fuzz-dicom \(FuzzOptions.usage)")
  exit(64)
}

let fuzzer = try DICOMFuzzer(
  seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
if let folder = options.dump {
  for index in options.cases {
    try Data(fuzzer.bytes(ofCase: index)).write(
      to: URL(fileURLWithPath: folder).appendingPathComponent("\(index).dcm"))
  }
  exit(0)
}
CrashReport.install()
let start = ContinuousClock.now
let report = fuzzer.run(options.cases) { CrashReport.begin(case: $0, timeLimit: options.timeLimit) }
CrashReport.end()
for (index, what) in report.failures { print("case \(index): \(what)") }
print(
  "\(report.cases) cases from seed \(options.seed): \(report.headers) headers and \(report.images) images read, no crash "
    + "or hang, \(report.failures.count) failures, slowest \(report.slowest), peak \(peakMemory()) MiB, all "
    + "\(ContinuousClock.now - start)")
for (name, count) in report.bySyntax.sorted(by: { $0.key < $1.key }) { print("  \(count) \(name)") }
exit(report.failures.isEmpty ? 0 : 1)
