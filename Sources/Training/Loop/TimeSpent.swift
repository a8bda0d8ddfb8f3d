import RunRecords
import Support

/// Where the time of a run's steps goes, since the last row of what was measured.
final class TimeSpent {
  /// What is done beside computing.
  enum Part {
    /// Making batches.
    case data
    /// Writing rows and reporting.
    case recording
  }

  private let clock = ContinuousClock()
  private var began: ContinuousClock.Instant
  private var spent: [Part: Duration] = [:]

  /// Begins now.
  init() { began = clock.now }

  /// Does `body`, whose time counts for `part`.
  func on<Result>(_ part: Part, _ body: () throws -> Result) rethrows -> Result {
    let start = clock.now
    defer { spent[part, default: .zero] += clock.now - start }
    return try body()
  }

  /// Begins anew, after something that is no part of a step.
  func restart() { (began, spent) = (clock.now, [:]) }

  /// The seconds since the beginning and the shares of them, and begins anew.
  func take() -> (seconds: Double, shares: [Metric: Double]) {
    let seconds = max((clock.now - began).seconds, 1e-9)
    func share(_ part: Part) -> Double { (spent[part] ?? .zero).seconds / seconds }
    let shares = [Metric.dataShare: share(.data), .recordingShare: share(.recording)]
    restart()
    return (seconds, shares)
  }
}
