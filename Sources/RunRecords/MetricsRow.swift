import Foundation

/// One line of `metrics.jsonl`: what was measured after a step.
public struct MetricsRow: Sendable, Equatable {
  /// Steps made so far.
  public var step: Int
  public var split: MeasuredSplit
  public var values: [Metric: Double]
  /// How often the training images have been seen.
  public var epoch: Double?
  /// Seconds of training so far, pauses between a stop and a resume not counted.
  public var seconds: Double?
  /// The most bytes of tensors that the device has held at a time since training began in this process.
  public var peakMemoryBytes: Int?
  /// The most memory that the process had resident so far, in bytes.
  public var peakResidentBytes: Int?

  public init(
    step: Int, split: MeasuredSplit, values: [Metric: Double], epoch: Double? = nil, seconds: Double? = nil,
    peakMemoryBytes: Int? = nil, peakResidentBytes: Int? = nil
  ) {
    self.step = step
    self.split = split
    self.values = values
    self.epoch = epoch
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
    self.peakResidentBytes = peakResidentBytes
  }

  /// Names that no value may have, since they are the row's own.
  private static let ownKeys: Set<String> = [
    "step", "split", "epoch", "seconds", "peak_memory_bytes", "peak_resident_bytes",
  ]

  /// The values that can be written: JSON has no NaN and no infinity.
  public var finiteValues: [Metric: Double] {
    values.filter { $0.value.isFinite && !Self.ownKeys.contains($0.key.rawValue) }
  }

  /// The row as one JSON object and a line feed.
  func line() throws -> [UInt8] {
    var object: [String: Any] = [:]
    for (metric, value) in finiteValues { object[metric.rawValue] = value }
    object["step"] = step
    object["split"] = split.rawValue
    if let epoch, epoch.isFinite { object["epoch"] = (epoch * 1000).rounded() / 1000 }
    if let seconds, seconds.isFinite { object["seconds"] = (seconds * 1000).rounded() / 1000 }
    object["peak_memory_bytes"] = peakMemoryBytes
    object["peak_resident_bytes"] = peakResidentBytes
    return Array(try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])) + [UInt8(ascii: "\n")]
  }

  /// Reads a line; nil if it is not a whole row, as the last line of a killed run may not be.
  init?(line: some StringProtocol) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
      let step = object["step"] as? Int, let split = (object["split"] as? String).flatMap(MeasuredSplit.init)
    else { return nil }
    self.init(
      step: step, split: split,
      values: object.reduce(into: [:]) { values, item in
        guard !Self.ownKeys.contains(item.key), let value = item.value as? Double else { return }
        values[Metric(rawValue: item.key)] = value
      },
      epoch: object["epoch"] as? Double, seconds: object["seconds"] as? Double,
      peakMemoryBytes: object["peak_memory_bytes"] as? Int,
      peakResidentBytes: object["peak_resident_bytes"] as? Int)
  }
}
