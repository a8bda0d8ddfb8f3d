import Foundation

/// A request for a checkpoint between two ends of a run, which any thread may make while the run goes on.
public final class CheckpointFlag: @unchecked Sendable {
  private let lock = NSLock()
  // Guarded by `lock`.
  private var isRaised = false

  public init() {}

  /// Asks for a checkpoint before the next step.
  public func raise() { lock.withLock { isRaised = true } }

  /// Whether a checkpoint was asked for since the last call.
  public func lower() -> Bool {
    lock.withLock {
      defer { isRaised = false }
      return isRaised
    }
  }
}
