import RunRecords
import Support

/// How a run goes on, and when it ends.
public struct LoopOptions: Sendable {
  public var resume = false
  /// The run ends with a checkpoint after this many seconds, those of preparing it included.
  public var maximumSeconds: Double?

  public init() {}
}

/// How a run ended.
public enum LoopOutcome: Equatable, Sendable {
  case finished(step: Int)
  case timeUp(step: Int)
  case stopped(step: Int)
  /// Ended before its first step, while images and texts were encoded; what was encoded is kept.
  case endedPreparing(timeIsUp: Bool)

  /// How many steps the run has made; 0 if it was still preparing.
  public var step: Int {
    switch self {
    case .finished(let step), .timeUp(let step), .stopped(let step): step
    case .endedPreparing: 0
    }
  }
}

/// What a run reports while it goes.
public enum TrainingReport: Sendable {
  /// How far the work has come: after every step, and after every batch of images or texts that is encoded.
  case progress(WorkProgress)
  /// What was measured, as it is written to `metrics.jsonl`.
  case measured(TrainingMeasurement)
  /// A remark worth reading.
  case note(String)
}

/// A row of a run's metrics.
public struct TrainingMeasurement: Sendable {
  /// How many steps were made.
  public var step: Int
  public var totalSteps: Int
  public var split: MeasuredSplit
  public var values: [Metric: Double]
}
