/// How many cases ran, how long the slowest took, and which of them failed.
package struct FuzzOutcome: Sendable {
  package private(set) var cases = 0
  package private(set) var slowest: Duration = .zero
  /// The failed cases with what was wrong: at most a hundred.
  package private(set) var failures: [(index: Int, what: String)] = []

  package init() {}

  /// Runs one case: `body` returns what is wrong, or nil. A case that takes longer than `timeLimit` fails too.
  package mutating func run(case index: Int, timeLimit: Duration, _ body: () -> String?) {
    var failure: String?
    let time = ContinuousClock().measure { failure = body() }
    cases += 1
    slowest = max(slowest, time)
    if time > timeLimit { failure = failure ?? "took \(time)" }
    if let failure, failures.count < 100 { failures.append((index, failure)) }
  }
}
