import Foundation
import RunRecords
import Support
import TensorFiles
import Torch

/// Steps, measures, stores and stops: the loop that all objectives share.
struct TrainingLoop {
  var folder: RunFolder
  var cadence: Cadence
  var resume: Bool
  /// Checked before every step: a limit that is reached ends the run with a checkpoint.
  var limits: RunLimits
  var group: any ProcessGroup = Alone()
  var report: (TrainingReport) -> Void

  /// After so many steps in a row that are not finite a run has diverged.
  static let skippedInARow = 10

  /// - Throws: ``TrainingError/diverged(step:quantity:checkpoint:)``, ``TrainingError/runExists(path:)``,
  ///   ``TrainingError/nothingToResume(path:)``, `FileAccessError`, and what the objective throws.
  func run(_ objective: some Objective) throws -> LoopOutcome {
    // The others may take long to read what the first process has prepared. This wait has no time limit; later ones
    // have.
    try group.waitForAll()
    // Weights are drawn from the seed; processors of two kinds may round them differently.
    try group.takeFromFirst(objective.trained.flatMap(\.store.parameters))
    let step = try OptimizerStep(objective.trained, remembered: objective.remembered, group: group)
    var position = try begin(step)
    var recorder: RunRecorder?
    try group.byFirst {
      recorder = try RunRecorder(folder, of: objective, resumedAt: position.step > 0 ? position.step : nil)
    }
    do {
      let outcome = try run(objective, step, from: &position, recorder: recorder)
      try recorder?.writePage()
      return outcome
    } catch let error as NotFinite {
      throw TrainingError.diverged(step: position.step, quantity: error.quantity, checkpoint: folder.newestStep())
    }
  }

  private func run(
    _ objective: some Objective, _ step: OptimizerStep, from position: inout RunPosition, recorder: RunRecorder?
  ) throws -> LoopOutcome {
    let time = TimeSpent()
    var stepsSinceLog = 0
    /// Where the run and its loss scale stood before the steps that were skipped last.
    var lastGood: (position: RunPosition, scaler: [String: Tensor]?, skipped: Int)?
    /// Stores what was before the steps that were skipped last: a run that goes on from there makes them as it did.
    func storeLastGood() throws -> Int {
      if let state = lastGood?.scaler { try step.scaler?.restore(state) }
      return try store(step, lastGood?.position ?? position)
    }

    while position.step < objective.totalSteps {
      // Between steps that are skipped nothing is stored: a request for a checkpoint waits for their end.
      let agreed = try group.agreed(on: limits.reached(), checkpoint: lastGood == nil && limits.isCheckpointDue())
      switch agreed.end {
      case .stopped: return .stopped(step: try storeLastGood())
      case .timeUp: return .timeUp(step: try storeLastGood())
      case nil: break
      }
      if agreed.checkpoint {
        report(.note("checkpoint of step \(try store(step, position)) stored, as was asked for"))
      }

      let scaler = lastGood == nil ? try step.scaler?.state() : nil
      switch try step(objective, step: position.step, time: time) {
      case .taken(let values):
        position.means.add(values)
        lastGood = nil
      case .skipped(let quantity):
        // In float16 a scale that was too large is not counted against the run as long as it can be lowered.
        let isScaleTooLarge = (step.scaler?.scale ?? 0) > 1
        let before = lastGood ?? (position, scaler, 0)
        lastGood = (before.position, before.scaler, before.skipped + (isScaleTooLarge ? 0 : 1))
        position.skipped += 1
        report(.note("step \(position.step + 1) was not taken: \(quantity.sentence)"))
        if let lastGood, lastGood.skipped == Self.skippedInARow {
          // Skipped steps have left the weights as they were before them.
          let stored = try storeLastGood()
          throw TrainingError.diverged(step: lastGood.position.step + 1, quantity: quantity, checkpoint: stored)
        }
      }
      position.step += 1
      stepsSinceLog += 1
      time.on(.recording) {
        report(.progress(WorkProgress("training", done: position.step, of: objective.totalSteps, unit: "steps")))
      }

      let isLast = position.step == objective.totalSteps
      if position.step % cadence.log == 0 || isLast {
        var values = position.means.take()
        let (seconds, shares) = time.take()
        values[.imagesPerSecond] = Double(stepsSinceLog * objective.batchSize) / seconds
        values.merge(shares) { $1 }
        if position.skipped > 0 { values[.skippedSteps] = Double(position.skipped) }
        // The time that this takes is counted in the next row.
        try time.on(.recording) { try note(values, .training, at: position, of: objective, in: recorder) }
        stepsSinceLog = 0
      }
      if position.step % cadence.validate == 0 || isLast {
        try validate(objective, step, &position, recorder)
        time.restart()
      }
      if position.step % cadence.snapshot == 0 || isLast {
        try group.byFirst {
          try AverageSnapshots(folder: folder.averages).store(step.model.powerAverages, step: position.step)
        }
      }
      // Between steps that are skipped nothing is stored: if there are too many of them, the run goes back.
      if position.step % cadence.checkpoint == 0, lastGood == nil { try store(step, position) }
    }
    return .finished(step: try store(step, position))
  }

  /// Goes on from where the run was stored. What the first process finds, the others read too.
  private func begin(_ step: OptimizerStep) throws -> RunPosition {
    guard group.isFirst else {
      let text = String(decoding: try group.fromFirst([]), as: UTF8.self)
      guard let found = Int(text) else { return RunPosition() }
      let checkpoint = try Checkpoint(contentsOf: folder.checkpoint(step: found), step: found)
      try step.restore(checkpoint.state)
      return checkpoint.position
    }
    let found = try newestPosition(step)
    // Snapshots of steps that will be made again, or of a run that has no checkpoint.
    AverageSnapshots(folder: folder.averages).forget(after: step.model.average.updates)
    _ = try group.fromFirst(Array((found.map { "\($0.step)" } ?? "none").utf8))
    return found ?? RunPosition()
  }

  /// Restores the newest checkpoint; nil if the run has none yet.
  private func newestPosition(_ step: OptimizerStep) throws -> RunPosition? {
    try folder.create()
    guard resume else {
      guard folder.newestStep() == nil else { throw TrainingError.runExists(path: folder.folder.path) }
      return nil
    }
    guard
      let checkpoint = try folder.newestCheckpoint(
        restoring: { try step.restore($0.state) }, note: { report(.note($0)) })
    else {
      // A run that was stopped while it was prepared has no step yet.
      guard folder.isPrepared else { throw TrainingError.nothingToResume(path: folder.folder.path) }
      return nil
    }
    return checkpoint.position
  }

  private func validate(
    _ objective: some Objective, _ step: OptimizerStep, _ position: inout RunPosition, _ recorder: RunRecorder?
  ) throws {
    let picture = folder.sample(step: position.step)
    // Running means of the processes differ by the rows that each has seen; those of the first are what is stored.
    try group.takeFromFirst(step.model.weights.store.parameters.filter(\.isBuffer))
    let values = try step.model.average.withAveragedWeights {
      try withoutGradients {
        let values = try group.sum(objective.validate(group.share)).means
        if group.isFirst { try objective.writeSamples(to: picture) }
        return values
      }
    }
    let best = objective.criterion(values).flatMap { $0 < position.bestCriterion ? $0 : nil }
    try group.byFirst {
      try note(values, .validation, at: position, of: objective, in: recorder)
      try recorder?.note(picture: picture, step: position.step)
      if best != nil {
        // What no optimiser moves, such as running means and a kept encoder, is in no average.
        let fixed = step.model.weights.store.parameters.filter { !$0.isTrainable }
        let weights = try fixed.reduce(into: step.model.average.state()) { $0[$1.path] = try $1.value }
        var metadata = objective.metadata
        metadata["step"] = "\(position.step)"
        metadata["loss"] = values[.loss].map { "\($0)" }
        try BestWeights(tensors: weights, metadata: metadata).write(to: folder.best)
      }
      try recorder?.writePage()
    }
    position.bestCriterion = best ?? position.bestCriterion
  }

  @discardableResult
  private func store(_ step: OptimizerStep, _ position: RunPosition) throws -> Int {
    try group.byFirst {
      guard folder.newestStep() != position.step else { return }
      let checkpoint = Checkpoint(position: position, state: try step.state())
      try checkpoint.write(to: folder.checkpoint(step: position.step))
      folder.keepNewest(cadence.keep)
    }
    return position.step
  }

  private func note(
    _ values: [Metric: Double], _ split: MeasuredSplit, at position: RunPosition, of objective: some Objective,
    in recorder: RunRecorder?
  ) throws {
    try recorder?.note(values, split, step: position.step)
    report(
      .measured(
        TrainingMeasurement(step: position.step, totalSteps: objective.totalSteps, split: split, values: values)))
  }
}
