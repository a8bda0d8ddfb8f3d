import Foundation
import TensorFiles
import Torch

/// Steps, measures, stores and stops: the loop that all stages share.
struct TrainingLoop {
  var folder: RunFolder
  var options: LoopOptions
  /// Asked before every step; true ends the run with a checkpoint.
  var shouldStop: () -> Bool
  var report: (TrainingProgress) -> Void

  func run(_ stage: inout some TrainingStage) throws -> LoopOutcome {
    let (start, recorder) = try begin(&stage)
    let outcome = try run(&stage, from: start, recorder: recorder)
    try recorder.writeReport()
    return outcome
  }

  private func run(
    _ stage: inout some TrainingStage, from start: Position, recorder: RunRecorder
  ) throws -> LoopOutcome {
    let began = Date()
    var position = start
    var averages = RunningMeans()
    var stepsSinceLog = 0
    var logged = Date()

    while position.step < stage.totalSteps {
      if shouldStop() { return .stopped(step: try store(stage, position)) }
      if let limit = options.maximumSeconds, Date().timeIntervalSince(began) >= limit {
        return .timeUp(step: try store(stage, position))
      }

      let losses = try stage.step(position.step)
      if let loss = losses["loss"], !loss.isFinite { throw TrainingError.diverged(step: position.step, loss: loss) }
      position.step += 1
      averages.add(losses)
      stepsSinceLog += 1

      if position.step % options.logEvery == 0 || position.step == stage.totalSteps {
        var values = averages.take()
        let seconds = max(Date().timeIntervalSince(logged), 1e-9)
        values["images_per_second"] = Double(stepsSinceLog * stage.imagesPerStep) / seconds
        try note(values, split: "train", step: position.step, of: stage, in: recorder)
        (stepsSinceLog, logged) = (0, Date())
      }
      if position.step % options.validateEvery == 0 || position.step == stage.totalSteps {
        try validate(stage, &position, recorder)
        logged = Date()
      }
      if position.step % options.checkpointEvery == 0 { try store(stage, position) }
    }
    return .finished(step: try store(stage, position))
  }

  /// Where a run stands.
  private struct Position {
    var step = 0
    var bestLoss = Double.infinity
  }

  private func begin(_ stage: inout some TrainingStage) throws -> (Position, RunRecorder) {
    try folder.create()
    guard options.resume else {
      guard folder.newestStep() == nil else { throw TrainingError.runExists(path: folder.folder.path) }
      return (Position(), try RunRecorder(folder, of: stage, resumedAt: nil))
    }
    guard let step = folder.newestStep() else { throw TrainingError.nothingToResume(path: folder.folder.path) }
    let file = try SafetensorsFile(path: folder.checkpoint(step: step).path)
    try stage.restore(try file.loadTensors(), step: step)
    let position = Position(step: step, bestLoss: file.metadata["best_loss"].flatMap(Double.init) ?? .infinity)
    return (position, try RunRecorder(folder, of: stage, resumedAt: step))
  }

  private func validate(_ stage: some TrainingStage, _ position: inout Position, _ recorder: RunRecorder) throws {
    let values = try withoutGradients { try stage.validate() }
    try note(values, split: "validation", step: position.step, of: stage, in: recorder)
    let picture = folder.sample(step: position.step)
    try withoutGradients { try stage.writeSamples(to: picture) }
    try recorder.note(picture: picture, step: position.step)
    if let loss = values["loss"], loss < position.bestLoss {
      position.bestLoss = loss
      try SafetensorsWriter.write(
        stage.weights(), metadata: ["step": "\(position.step)", "loss": "\(loss)"], to: folder.best.path)
    }
    try recorder.writeReport()
  }

  @discardableResult
  private func store(_ stage: some TrainingStage, _ position: Position) throws -> Int {
    guard folder.newestStep() != position.step else { return position.step }
    try SafetensorsWriter.write(
      stage.state(), metadata: ["step": "\(position.step)", "best_loss": "\(position.bestLoss)"],
      to: folder.checkpoint(step: position.step).path)
    folder.keepNewest(options.keep)
    return position.step
  }

  private func note(
    _ values: [String: Double], split: String, step: Int, of stage: some TrainingStage, in recorder: RunRecorder
  ) throws {
    try recorder.note(values, split: split, step: step)
    report(TrainingProgress(step: step, totalSteps: stage.totalSteps, split: split, values: values))
  }
}

/// Means of values that arrive one by one, since they were last taken.
struct RunningMeans {
  private var sums: [String: Double] = [:]
  private var counts: [String: Int] = [:]

  mutating func add(_ values: [String: Double]) {
    for (name, value) in values {
      sums[name, default: 0] += value
      counts[name, default: 0] += 1
    }
  }

  mutating func take() -> [String: Double] {
    defer { (sums, counts) = ([:], [:]) }
    return sums.reduce(into: [:]) { $0[$1.key] = $1.value / Double(counts[$1.key] ?? 1) }
  }
}
