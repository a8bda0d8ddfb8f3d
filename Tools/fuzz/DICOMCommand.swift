import ArgumentParser
import DeveloperTools
import Foundation
import Support

/// Fuzzes `DICOMFile`.
struct DICOMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dicom", abstract: "Fuzz the reader of DICOM files.")

  @OptionGroup var options: CaseOptions

  @Option(help: "Cases to run.")
  var cases = 200_000

  @Option(help: ArgumentHelp("Write the cases as files into a folder instead.", valueName: "folder"))
  var dump: String?

  func run() throws {
    let range = try options.range(cases)
    let fuzzer = try DICOMFuzzer(
      seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
    if let dump {
      for index in range {
        try Data(fuzzer.bytes(ofCase: index)).write(
          to: URL(fileURLWithPath: dump).appendingPathComponent("\(index).dcm"))
      }
      return
    }
    CrashReport.install()
    let start = ContinuousClock.now
    let report = fuzzer.run(range) { CrashReport.begin(case: $0, timeLimit: options.timeLimit) }
    CrashReport.end()
    let outcome = report.outcome
    for (index, what) in outcome.failures { print("case \(index): \(what)") }
    print(
      "\(outcome.cases) cases from seed \(options.seed): \(report.headers) headers and \(report.images) images read, "
        + "no crash or hang, \(outcome.failures.count) failures, slowest \(outcome.slowest), "
        + "peak \(peakMemoryBytes() >> 20) MiB, all \(ContinuousClock.now - start)")
    for (name, count) in report.bySyntax.sorted(by: { $0.key < $1.key }) { print("  \(count) \(name)") }
    if !outcome.failures.isEmpty { throw ExitCode(1) }
  }
}
