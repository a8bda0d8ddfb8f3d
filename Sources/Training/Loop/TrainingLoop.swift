import Foundation
import Support
import TensorFiles
import Torch

/// Steps, measures, stores and stops: the loop that all stages share.
struct TrainingLoop {
  var folder: RunFolder
  var options: LoopOptions
  /// Asked before every step; what it says ends the run with a checkpoint.
  var limits: RunLimits
  var report: (TrainingReport) -> Void

  /// - Throws: ``TrainingError/diverged(step:quantity:checkpoint:)``, ``TrainingError/runExists(path:)``,
  ///   ``TrainingError/nothingToResume(path:)``, `FileAccessError`, and what the stage throws.
  func run(_ stage: inout some TrainingStage) throws -> LoopOutcome {
    var position = try begin(&stage)
    let recorder = try RunRecorder(folder, of: stage, resumedAt: position.step > 0 ? position.step : nil)
    do {
      let outcome = try run(&stage, from: &position, recorder: recorder)
      try recorder.writeReport()
      return outcome
    } catch let error as NotFinite {
      throw TrainingError.diverged(
        step: position.step + (error.quantity == .weights ? 0 : 1), quantity: error.quantity,
        checkpoint: folder.newestStep())
    }
  }

  /// Where a run stands.
  private struct Position {
    var step = 0
    var bestLoss = Double.infinity
    var means = RunningMeans()
  }

  private func run(
    _ stage: inout some TrainingStage, from position: inout Position, recorder: RunRecorder
  ) throws -> LoopOutcome {
    let clock = ContinuousClock()
    var stepsSinceLog = 0
    var logged = clock.now

    while position.step < stage.totalSteps {
      switch limits.reached() {
      case .stopped: return .stopped(step: try store(stage, position))
      case .timeUp: return .timeUp(step: try store(stage, position))
      case nil: break
      }

      position.means.add(try stage.step(position.step))
      position.step += 1
      stepsSinceLog += 1
      report(.progress(WorkProgress("training", done: position.step, of: stage.totalSteps, unit: "steps")))

      if position.step % options.logEvery == 0 || position.step == stage.totalSteps {
        var values = position.means.take()
        let seconds = max((clock.now - logged).seconds, 1e-9)
        values["images_per_second"] = Double(stepsSinceLog * stage.imagesPerStep) / seconds
        try note(values, split: "train", step: position.step, of: stage, in: recorder)
        (stepsSinceLog, logged) = (0, clock.now)
      }
      if position.step % options.validateEvery == 0 || position.step == stage.totalSteps {
        try validate(stage, &position, recorder)
        logged = clock.now
      }
      if position.step % options.checkpointEvery == 0 { try store(stage, position) }
    }
    return .finished(step: try store(stage, position))
  }

  private func begin(_ stage: inout some TrainingStage) throws -> Position {
    try folder.create()
    guard options.resume else {
      guard folder.newestStep() == nil else { throw TrainingError.runExists(path: folder.folder.path) }
      return Position()
    }
    guard
      let checkpoint = try folder.newestCheckpoint(
        restoring: { try stage.restore($0.state) }, note: { report(.note($0)) })
    else {
      // A run that was stopped while it was prepared has no step yet.
      guard folder.isPrepared else { throw TrainingError.nothingToResume(path: folder.folder.path) }
      return Position()
    }
    return Position(step: checkpoint.step, bestLoss: checkpoint.bestLoss, means: checkpoint.means)
  }

  private func validate(_ stage: some TrainingStage, _ position: inout Position, _ recorder: RunRecorder) throws {
    let values = try withoutGradients { try stage.validate() }
    try note(values, split: "validation", step: position.step, of: stage, in: recorder)
    let picture = folder.sample(step: position.step)
    try withoutGradients { try stage.writeSamples(to: picture) }
    try recorder.note(picture: picture, step: position.step)
    if let loss = values["loss"], loss < position.bestLoss {
      let weights = try stage.weights()
      try NotFinite.requireFinite(weights)
      position.bestLoss = loss
      try SafetensorsWriter.write(
        weights, metadata: ["step": "\(position.step)", "loss": "\(loss)"], to: folder.best.path)
    }
    try recorder.writeReport()
  }

  @discardableResult
  private func store(_ stage: some TrainingStage, _ position: Position) throws -> Int {
    guard folder.newestStep() != position.step else { return position.step }
    let checkpoint = Checkpoint(
      step: position.step, bestLoss: position.bestLoss, means: position.means, state: try stage.state())
    try checkpoint.write(to: folder.checkpoint(step: position.step))
    folder.keepNewest(options.keep)
    return position.step
  }

  private func note(
    _ values: [String: Double], split: String, step: Int, of stage: some TrainingStage, in recorder: RunRecorder
  ) throws {
    try recorder.note(values, split: split, step: step)
    report(
      .measured(TrainingMeasurement(step: step, totalSteps: stage.totalSteps, split: split, values: values)))
  }
}
