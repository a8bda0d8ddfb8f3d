/// Feeds mutated files to a reader and checks what it makes of them.
package protocol Fuzzer: Sendable {
  associatedtype Report: FuzzReport

  /// What one case may take.
  var timeLimit: Duration { get }

  /// The bytes of one case, by its number alone.
  func bytes(ofCase index: Int) -> [UInt8]

  /// Reads the bytes of one case, and counts in `report` what became of them; returns what is wrong, or nil.
  func check(_ bytes: [UInt8], case index: Int, _ report: inout Report) -> String?
}

/// The results of the cases of a run.
package protocol FuzzReport: Sendable {
  init()

  var outcome: FuzzOutcome { get set }

  /// What was read and refused, as a part of a sentence.
  var facts: String { get }

  /// Further counts, one a line.
  var details: [String] { get }
}

extension Fuzzer {
  /// Runs the cases; `willRun` is called with each number before its case.
  package func run(_ cases: Range<Int>, willRun: (Int) -> Void = { _ in }) -> Report {
    var report = Report()
    for index in cases {
      willRun(index)
      let bytes = bytes(ofCase: index)
      var outcome = report.outcome
      outcome.run(case: index, timeLimit: timeLimit) { check(bytes, case: index, &report) }
      report.outcome = outcome
    }
    return report
  }
}
