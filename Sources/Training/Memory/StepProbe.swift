import Foundation
import RunRecords
import Torch

/// What a step takes of memory and time, measured with one row and two and extended to many: weights and optimiser take
/// the same for any number of rows, what a row keeps for the backward pass comes once for each.
struct StepProbe {
  /// What a step of `rows` rows at once took.
  struct Measurement: Equatable {
    var rows: Int
    /// The most bytes of tensors at a time, less what was there before the networks.
    var peak: Int
    /// The most bytes until the end of the last micro-batch's forward pass, and the bytes then.
    var inForward: Int
    var afterForward: Int
    /// The bytes after every allocation from then on; empty for a device whose allocator keeps no trace.
    var afterwards: [Int]
    /// Seconds of the whole step.
    var seconds: Double
  }

  /// Two measurements, of few rows and of more.
  let few: Measurement
  let more: Measurement
  /// How many micro-batches the measured steps had.
  let microBatches: Int

  /// Measures steps of an objective.
  ///
  /// - Parameters:
  ///   - rows: How many rows are computed at once: few, and more.
  ///   - microBatches: How many micro-batches a step has: 2 if gradients of a former one are there, otherwise 1.
  ///   - make: The objective for a number of rows at once.
  /// - Throws: what `make` throws; `TorchError`.
  init(
    rows: (few: Int, more: Int), microBatches: Int, device: Device, make: (Int) throws -> any Objective
  ) throws {
    func measure(_ rows: Int) throws -> Measurement {
      try Self.measure(rows, microBatches: microBatches, device: device, make: make)
    }
    self.microBatches = microBatches
    more = try measure(rows.more)
    few = rows.few == rows.more ? more : try measure(rows.few)
  }

  private static func measure(
    _ rows: Int, microBatches: Int, device: Device, make: (Int) throws -> any Objective
  ) throws -> Measurement {
    let before = try TensorMemory.liveBytes(on: device) ?? 0
    return try measure(make(rows), rows: rows, microBatches: microBatches, device: device, before: before)
  }

  private static func measure(
    _ objective: some Objective, rows: Int, microBatches: Int, device: Device, before: Int
  ) throws -> Measurement {
    let probed = ProbedObjective(
      goal: objective, batchSize: rows * microBatches, microBatchSize: rows, device: device)
    let step = try OptimizerStep(probed.trained)
    try Task.checkCancellation()
    _ = try step(probed, step: 0)
    var seconds = Double.infinity
    try TensorMemory.resetPeak(on: device)
    probed.forward.peakBefore = 0
    let trace = try TensorMemory.trace { begin in
      probed.forward.ended = begin
      for number in 1..<3 {
        try Task.checkCancellation()
        let began = ContinuousClock.now
        _ = try step(probed, step: number)
        seconds = min(seconds, (ContinuousClock.now - began).seconds)
      }
    }
    let peak = max(try TensorMemory.peakBytes(on: device) ?? 0, probed.forward.peakBefore)
    return Measurement(
      rows: rows, peak: peak - before, inForward: probed.forward.peak - before,
      afterForward: probed.forward.bytes - before,
      afterwards: device == .cpu ? trace.map { $0 - before } : [], seconds: seconds)
  }

  /// The peak of a step that computes `rows` rows at once.
  func peak(rows: Int) -> Int {
    guard rows != more.rows else { return more.peak }
    // The same operations ask for the same tensors in the same order, however many rows they have, so each moment of the
    // backward pass is a straight line of its own. Which of them is the highest depends on the rows.
    if !more.afterwards.isEmpty, few.afterwards.count == more.afterwards.count {
      let moments = zip(few.afterwards, more.afterwards).map { extended($0, $1, to: rows) }
      return max(extended(few.inForward, more.inForward, to: rows), moments.max() ?? 0)
    }
    // What is there after the forward pass is a straight line. What comes on top in the backward pass is one too, if it
    // rises at all: with few rows it may be no more than the gradients.
    let top = (few: few.peak - few.afterForward, more: more.peak - more.afterForward)
    return extended(few.afterForward, more.afterForward, to: rows)
      + max(extended(top.few, top.more, to: rows), top.more)
  }

  /// The seconds of a step of `microBatches` times `rows` rows.
  func seconds(rows: Int, microBatches: Int) -> Double {
    let measured = Double(self.microBatches * more.rows)
    guard few.rows != more.rows else { return more.seconds * Double(rows * microBatches) / measured }
    let row = max(more.seconds - few.seconds, 0) / Double(self.microBatches * (more.rows - few.rows))
    let rest = max(more.seconds - row * measured, 0)
    return rest + row * Double(rows * microBatches)
  }

  private func extended(_ few: Int, _ more: Int, to rows: Int) -> Int {
    guard self.few.rows != self.more.rows else { return more }
    return more + (more - few) * (rows - self.more.rows) / (self.more.rows - self.few.rows)
  }
}

/// An objective in batches of another size, of which is known how much memory is taken when the backward pass begins.
private struct ProbedObjective<Goal: Objective>: Objective {
  let goal: Goal
  let batchSize: Int
  let microBatchSize: Int
  let device: Device
  let forward = Forward()

  /// The memory of the last forward pass.
  final class Forward {
    /// The bytes of tensors at its end.
    var bytes = 0
    /// The most bytes in it, and before it.
    var peak = 0
    var peakBefore = 0
    /// Called at its end.
    var ended: () -> Void = {}
  }

  var description: StageDescription { goal.description }
  var trained: [TrainedWeights] { goal.trained }
  var totalSteps: Int { goal.totalSteps }
  var imagesPerEpoch: Int { goal.imagesPerEpoch }

  func batch(_ slice: BatchSlice) throws -> Goal.Batch { try goal.batch(slice) }

  func losses(of batch: Goal.Batch, _ slice: BatchSlice) throws -> [Loss] {
    forward.peakBefore = max(forward.peakBefore, try TensorMemory.peakBytes(on: device) ?? 0)
    try TensorMemory.resetPeak(on: device)
    let losses = try goal.losses(of: batch, slice)
    forward.bytes = try TensorMemory.liveBytes(on: device) ?? 0
    forward.peak = try TensorMemory.peakBytes(on: device) ?? 0
    forward.ended()
    return losses
  }

  func validate(_ share: RankShare) throws -> RunningMeans { try goal.validate(share) }
  func writeSamples(to picture: URL) throws { try goal.writeSamples(to: picture) }
}
