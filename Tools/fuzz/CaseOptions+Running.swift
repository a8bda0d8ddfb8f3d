import ArgumentParser
import DeveloperTools
import Support

extension CaseOptions {
  /// Runs cases, and prints the failed ones, the results of the others, and the time.
  ///
  /// - Throws: `ExitCode` 1 if a case failed.
  func run(_ cases: Range<Int>, of fuzzer: some Fuzzer) throws {
    CrashReport.install()
    let start = ContinuousClock.now
    let report = fuzzer.run(cases) { CrashReport.begin(case: $0, timeLimit: timeLimit) }
    CrashReport.end()
    let outcome = report.outcome
    for (index, what) in outcome.failures { print("case \(index): \(what)") }
    print(
      "\(outcome.cases) cases from seed \(seed): \(report.facts), no crash or hang, \(outcome.failures.count) failures, "
        + "slowest \(outcome.slowest), peak \(peakMemoryBytes() >> 20) MiB, all \(ContinuousClock.now - start)")
    for detail in report.details { print("  \(detail)") }
    if !outcome.failures.isEmpty { throw ExitCode(1) }
  }
}
