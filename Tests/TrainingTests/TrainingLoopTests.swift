import Foundation
import RunRecords
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import Training

@Suite("The loop of training")
struct TrainingLoopTests {
  private func checkpoints(_ folder: URL) throws -> [String] {
    let run = RunFolder(folder, stage: .autoencoder)
    return try FileManager.default.contentsOfDirectory(atPath: run.checkpoints.path).sorted()
  }

  /// The rows without what depends on the machine's speed.
  private func rows(_ folder: URL) -> [MetricsRow] {
    MetricsLog(RunFolder(folder, stage: .autoencoder).metrics).rows().map { row in
      var row = row
      (row.seconds, row.peakMemoryBytes, row.peakResidentBytes) = (nil, nil, nil)
      for metric in [Metric.imagesPerSecond, .dataShare, .recordingShare] { row.values[metric] = nil }
      return row
    }
  }

  @Test("the newest checkpoints stay, and the best weights")
  func keepNewest() throws {
    try withTemporaryFolder { (folder: URL) throws in
      #expect(try ToyObjective.train(ToyObjective(), in: folder) == .finished(step: 12))
      #expect(
        try checkpoints(folder) == [
          "best.safetensors", "step-00000010.safetensors", "step-00000012.safetensors",
        ])
    }
  }

  @Test("a run whose time is up ends with a checkpoint of the step that it has come to")
  func timeUp() throws {
    try withTemporaryFolder { (folder: URL) throws in
      #expect(try ToyObjective.train(ToyObjective(), in: folder, maximumSeconds: 1e-9) == .timeUp(step: 0))
      #expect(try checkpoints(folder) == ["step-00000000.safetensors"])
      #expect(try ToyObjective.train(ToyObjective(), in: folder, resume: true) == .finished(step: 12))
    }
  }

  @Test("after any stop and resume the rows and the last checkpoint are those of an unbroken run", arguments: 1...11)
  func unbroken(stop: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      let (whole, parts) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("parts"))
      try ToyObjective.train(ToyObjective(), in: whole)
      #expect(try ToyObjective.train(ToyObjective(), in: parts, stopAfter: stop) == .stopped(step: stop))
      try ToyObjective.train(ToyObjective(), in: parts, resume: true)
      #expect(rows(parts) == rows(whole))
      #expect(rows(whole).map(\.step) == [4, 6, 8, 12, 12])
      let last = [whole, parts].map { RunFolder($0, stage: .autoencoder).checkpoint(step: 12) }
      #expect(try Data(contentsOf: last[0]) == Data(contentsOf: last[1]))
    }
  }

  @Test("the number of the average's updates is stored and taken up; a checkpoint without it has one for each step")
  func averageUpdates() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let objective = try ToyObjective()
      let step = try OptimizerStep(objective.trained)
      _ = try step.losses(of: objective, steps: 0..<5)
      let url = folder.appendingPathComponent("step.safetensors")
      let position = RunPosition(step: 9, bestCriterion: 0.5, skipped: 3)
      try Checkpoint(position: position, state: try step.state()).write(to: url)
      let read = try Checkpoint(contentsOf: url, step: 9)
      #expect(read.position == position)
      #expect(read.state.numbers["average.updates"] == 5)

      // As the first version wrote it.
      try SafetensorsWriter.write(
        try step.state().tensors, metadata: ["step": "9", "best_loss": "0.25"], to: url.path)
      let former = try Checkpoint(contentsOf: url, step: 9)
      #expect(former.position == RunPosition(step: 9, bestCriterion: 0.25))
      let other = try OptimizerStep(ToyObjective().trained)
      try other.restore(former.state)
      #expect(other.model.average.updates == 9)

      // As a version to come may write it.
      try SafetensorsWriter.write(try step.state().tensors, metadata: ["format": "3"], to: url.path)
      #expect(throws: TrainingError.newerCheckpoint(path: url.path, format: 3)) {
        try Checkpoint(contentsOf: url, step: 9)
      }
    }
  }

  enum Damage: CaseIterable {
    case truncated, emptied, flipped, notFinite

    func apply(to url: URL) throws {
      var data = try Data(contentsOf: url)
      switch self {
      case .truncated: data.removeLast(5)
      case .emptied: data = Data()
      case .flipped: data[data.count - 3] ^= 0x10
      case .notFinite:
        // What the former version stored of a step that had diverged.
        let file = try SafetensorsFile(path: url.path)
        var tensors = try file.loadTensors()
        tensors["model.weight"] = try Tensor([Float.nan, 1], shape: [2])
        return try SafetensorsWriter.write(tensors, metadata: ["step": "12"], to: url.path)
      }
      try data.write(to: url)
    }
  }

  @Test("a damaged newest checkpoint gives way to the one before, with a note", arguments: Damage.allCases)
  func damaged(_ damage: Damage) throws {
    try withTemporaryFolder { (folder: URL) throws in
      try ToyObjective.train(ToyObjective(), in: folder)
      let newest = RunFolder(folder, stage: .autoencoder).checkpoint(step: 12)
      let whole = try Data(contentsOf: newest)
      let rows = rows(folder)
      try damage.apply(to: newest)
      var notes: [String] = []
      let outcome = try ToyObjective.train(ToyObjective(), in: folder, resume: true) {
        if case .note(let note) = $0 { notes.append(note) }
      }
      #expect(outcome == .finished(step: 12))
      #expect(notes.count == 1)
      #expect(notes.first?.contains("step-00000012.safetensors") == true)
      #expect(notes.first?.hasSuffix("going on from step 10") == true)
      #expect(try Data(contentsOf: newest) == whole)
      #expect(self.rows(folder) == rows)
    }
  }

  @Test("a run without a whole checkpoint is not resumed, and nothing of it is removed")
  func allDamaged() throws {
    try withTemporaryFolder { (folder: URL) throws in
      try ToyObjective.train(ToyObjective(), in: folder)
      let run = RunFolder(folder, stage: .autoencoder)
      for step in [10, 12] { try Damage.flipped.apply(to: run.checkpoint(step: step)) }
      let path = run.checkpoint(step: 12).path
      let error = TrainingError.noWholeCheckpoint(path: path, reason: "it does not hold what was written to it")
      #expect(throws: error) { try ToyObjective.train(ToyObjective(), in: folder, resume: true) }
      // There is none before it to go on from.
      #expect(!"\(error)".contains("one before") && "\(error)".contains("begin anew in another folder"))
      #expect(try checkpoints(folder).count == 3)
    }
  }

  @Test("unfinished files of a killed process are removed from all of a run's folders, and no others")
  func leftovers() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let run = RunFolder(folder, stage: .diffusion)
      try run.create()
      let pieces = run.cache.appendingPathComponent("latents-train.pieces")
      try FileManager.default.createDirectory(at: pieces, withIntermediateDirectories: true)
      let places = [folder, run.folder, run.checkpoints, run.samples, run.cache, pieces]
      let names = [".step-00000500.safetensors.4711-3k5z9q.tmp", ".hidden.tmp", "mine.tmp", ".step-1.safetensors"]
      for place in places {
        for name in names { try Data([1]).write(to: place.appendingPathComponent(name)) }
      }
      run.removeLeftovers()
      for place in places {
        let left = names.filter { FileManager.default.fileExists(atPath: place.appendingPathComponent($0).path) }
        #expect(left == Array(names.dropFirst()), "\(place.path)")
      }
    }
  }
}

@Suite("Runs that diverge")
struct DivergenceTests {
  /// Every tensor of every stored file is finite.
  private func expectWholeFiles(in folder: URL) throws {
    let checkpoints = RunFolder(folder, stage: .autoencoder).checkpoints
    for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints.path) {
      let file = try SafetensorsFile(path: checkpoints.appendingPathComponent(name).path)
      for (name, tensor) in try file.loadTensors() { #expect(try tensor.isEntirelyFinite, "\(name)") }
    }
  }

  @Test("an infinite gradient is not taken: weights, average and optimiser stay as they were")
  func gradient() throws {
    var objective = try ToyObjective()
    objective.stepsOfInfiniteGradient = 3..<4
    let step = try OptimizerStep(objective.trained)
    _ = try step.losses(of: objective, steps: 0..<3)
    let before = try step.state().tensors.mapValues { try $0.doubles() }
    guard case .skipped(.gradients) = try step(objective, step: 3) else {
      Issue.record("the step was taken")
      return
    }
    #expect(try step.state().tensors.mapValues { try $0.doubles() } == before)
    #expect(step.model.average.updates == 3)
    // Nothing of the gradient is left for the next step.
    _ = try step.losses(of: objective, steps: 4..<5)
    #expect(try step.state().tensors.values.allSatisfy { try $0.isEntirelyFinite })
  }

  @Test("a stop between skipped steps stores what was before them, not steps that were not taken")
  func stoppedBetween() throws {
    try withTemporaryFolder { (folder: URL) throws in
      var objective = try ToyObjective()
      objective.stepsOfInfiniteGradient = 3..<12
      #expect(try ToyObjective.train(objective, in: folder, stopAfter: 7) == .stopped(step: 3))
      #expect(try ToyObjective.train(ToyObjective(), in: folder, resume: true) == .finished(step: 12))
    }
  }

  @Test("in float16 a stop between skipped steps changes nothing: the scale falls again as it did", arguments: 4...6)
  func stoppedInFloat16(_ stop: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var objective: ToyObjective {
        get throws {
          var objective = try ToyObjective(precision: .float16)
          objective.stepsOfInfiniteGradient = 3..<7
          return objective
        }
      }
      let (whole, parts) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("parts"))
      try ToyObjective.train(objective, in: whole)
      #expect(try ToyObjective.train(objective, in: parts, stopAfter: stop) == .stopped(step: 3))
      #expect(try ToyObjective.train(objective, in: parts, resume: true) == .finished(step: 12))
      let last = [whole, parts].map { RunFolder($0, stage: .autoencoder).checkpoint(step: 12) }
      #expect(try Data(contentsOf: last[0]) == Data(contentsOf: last[1]))
      #expect(try Checkpoint(contentsOf: last[0], step: 12).state.tensors["scaler.scale"]?.item() == 4096)
    }
  }

  @Test("a run in float16 that diverges keeps the scale of the step that it goes back to", arguments: [4, 5])
  func divergedInFloat16(_ first: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var objective = try ToyObjective(precision: .float16)
      (objective.totalSteps, objective.stepsOfInfiniteGradient) = (40, first..<40)
      #expect(throws: TrainingError.diverged(step: first + 1, quantity: .gradients, checkpoint: first)) {
        try ToyObjective.train(objective, in: folder)
      }
      // Step 4 has a checkpoint from before the skipped steps, step 5 one that was written after them.
      let url = RunFolder(folder, stage: .autoencoder).checkpoint(step: first)
      #expect(try Checkpoint(contentsOf: url, step: first).state.tensors["scaler.scale"]?.item() == 65536)
    }
  }

  @Test("up to nine steps in a row that are not finite are skipped, counted, noted and shown", arguments: [1, 9])
  func skipped(_ count: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var objective = try ToyObjective()
      objective.stepsOfInfiniteGradient = 1..<(1 + count)
      var notes: [String] = []
      let outcome = try ToyObjective.train(objective, in: folder) {
        if case .note(let note) = $0 { notes.append(note) }
      }
      #expect(outcome == .finished(step: 12))
      #expect(notes == (0..<count).map { "step \($0 + 2) was not taken: the gradients are infinite or not numbers" })
      let run = RunFolder(folder, stage: .autoencoder)
      let row = MetricsLog(run.metrics).rows().last { $0.split == .training }
      #expect(row?.values[.skippedSteps] == Double(count))
      #expect(try Checkpoint(contentsOf: run.checkpoint(step: 12), step: 12).position.skipped == count)
      try expectWholeFiles(in: folder)
    }
  }

  @Test("ten in a row end the run with a checkpoint of what was before them", arguments: 0..<3)
  func tenInARow(_ first: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var objective = try ToyObjective()
      objective.stepsOfInfiniteGradient = first..<12
      #expect(throws: TrainingError.diverged(step: first + 1, quantity: .gradients, checkpoint: first)) {
        try ToyObjective.train(objective, in: folder)
      }
      try expectWholeFiles(in: folder)
      // What was stored goes on where the gradients are finite, to the bytes of a run that was never disturbed.
      let whole = folder.appendingPathComponent("whole")
      try ToyObjective.train(ToyObjective(), in: whole)
      #expect(try ToyObjective.train(ToyObjective(), in: folder, resume: true) == .finished(step: 12))
      let last = [whole, folder].map { RunFolder($0, stage: .autoencoder).checkpoint(step: 12) }
      let weights = try last.map { try SafetensorsFile(path: $0.path).loadTensors().mapValues { try $0.doubles() } }
      #expect(weights[0] == weights[1])
    }
  }

  @Test("weights that are not finite are never stored")
  func weights() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let objective = try ToyObjective(learningRate: .greatestFiniteMagnitude)
      let error = #expect(throws: TrainingError.self) { try ToyObjective.train(objective, in: folder) }
      guard case .diverged(_, .weights, nil) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      try expectWholeFiles(in: folder)
    }
  }

  @Test("the message says what is not a number, and what can be done with and without a checkpoint")
  func message() {
    let without = TrainingError.diverged(step: 7, quantity: .loss, checkpoint: nil).description
    #expect(
      without
        == "the loss is infinite or not a number at step 7 and after it, and nothing of that is stored: begin anew "
        + "with a lower learningRate (--set learningRate=...)")
    let with = TrainingError.diverged(step: 7, quantity: .loss, checkpoint: 5).description
    #expect(with == without + " in another folder; the checkpoint of step 5 is whole")
  }

  @Test("both stages end so with a learning rate that is too high")
  func stages() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    var recipe = try TinyDataset.recipe(steps: 20)
    (recipe.learningRate, recipe.warmupSteps) = (1e30, 0)
    let objective = try AutoencoderObjective(recipe, architecture: TinyDataset.autoencoder, data: dataset.data())
    #expect(throws: NotFinite(quantity: .loss)) {
      try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<20)
    }
    try withTemporaryFolder { (folder: URL) throws in
      var recipe = try DiffusionTrainingTests.recipe(steps: 20)
      (recipe.learningRate, recipe.warmupSteps) = (1e30, 0)
      let objective = try DiffusionTrainingTests.objective(recipe, in: folder)
      #expect(throws: NotFinite(quantity: .loss)) {
        try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<20)
      }
    }
  }
}
