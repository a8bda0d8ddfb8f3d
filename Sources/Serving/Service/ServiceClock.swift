import Foundation
import Support

/// The time of a service: the system's clock as it stood when the service began, carried on by the time that has passed
/// since. A clock that is set while the service runs changes nothing: what is recorded stays in order, and nothing is kept
/// longer or shorter for it.
struct ServiceClock: Sendable {
  private let start: Date
  private let elapsed: @Sendable () -> Duration

  /// - Parameters:
  ///   - wall: The system's clock, which is read once.
  ///   - elapsed: The time since now, by a clock that is never set.
  init(wall: () -> Date = { Date() }, elapsed: (@Sendable () -> Duration)? = nil) {
    start = wall()
    let began = ContinuousClock.now
    self.elapsed = elapsed ?? { ContinuousClock.now - began }
  }

  var now: Date { start.addingTimeInterval(elapsed().seconds) }
}
