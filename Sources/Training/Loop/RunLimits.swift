/// What ends a run before its last step, or asks it for a checkpoint: a request from outside, or the time that it was
/// given.
struct RunLimits {
  /// Why a run ends early.
  enum Reason {
    case stopped, timeUp
  }

  private let shouldStop: () -> Bool
  private let deadline: ContinuousClock.Instant?
  private let checkpointFlag: CheckpointFlag?

  /// Limits whose time begins now.
  init(maximumSeconds: Double? = nil, checkpointFlag: CheckpointFlag? = nil, shouldStop: @escaping () -> Bool) {
    self.shouldStop = shouldStop
    self.checkpointFlag = checkpointFlag
    deadline = maximumSeconds.map { ContinuousClock.now.advanced(by: .seconds($0)) }
  }

  /// Why the run has to end now; nil if it may go on.
  func reached() -> Reason? {
    if shouldStop() { return .stopped }
    return deadline.map { $0 <= .now } == true ? .timeUp : nil
  }

  /// Whether a checkpoint was asked for since the last call.
  func isCheckpointDue() -> Bool { checkpointFlag?.lower() ?? false }
}
