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
      (row.seconds, row.peakMemoryBytes) = (nil, nil)
      row.values["images_per_second"] = nil
      return row
    }
  }

  @Test("the newest checkpoints stay, and the best weights")
  func keepNewest() throws {
    try withTemporaryFolder { (folder: URL) throws in
      #expect(try ToyStage.train(ToyStage(), in: folder) == .finished(step: 12))
      #expect(
        try checkpoints(folder) == [
          "best.safetensors", "step-00000010.safetensors", "step-00000012.safetensors",
        ])
    }
  }

  @Test("a run whose time is up ends with a checkpoint of the step that it has come to")
  func timeUp() throws {
    try withTemporaryFolder { (folder: URL) throws in
      var options = ToyStage.options
      options.maximumSeconds = 1e-9
      #expect(try ToyStage.train(ToyStage(), in: folder, options: options) == .timeUp(step: 0))
      #expect(try checkpoints(folder) == ["step-00000000.safetensors"])
      #expect(try ToyStage.train(ToyStage(), in: folder, options: ToyStage.resuming) == .finished(step: 12))
    }
  }

  @Test("after any stop and resume the rows and the last checkpoint are those of an unbroken run", arguments: 1...11)
  func unbroken(stop: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      let (whole, parts) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("parts"))
      try ToyStage.train(ToyStage(), in: whole)
      #expect(try ToyStage.train(ToyStage(), in: parts, stopAfter: stop) == .stopped(step: stop))
      try ToyStage.train(ToyStage(), in: parts, options: ToyStage.resuming)
      #expect(rows(parts) == rows(whole))
      #expect(rows(whole).map(\.step) == [4, 6, 8, 12, 12])
      let last = [whole, parts].map { RunFolder($0, stage: .autoencoder).checkpoint(step: 12) }
      #expect(try Data(contentsOf: last[0]) == Data(contentsOf: last[1]))
    }
  }

  @Test("the number of the average's updates is stored and taken up; a checkpoint without it has one for each step")
  func averageUpdates() throws {
    try withTemporaryFolder { (folder: URL) throws in
      var stage = try ToyStage()
      for step in 0..<5 { _ = try stage.step(step) }
      let url = folder.appendingPathComponent("step.safetensors")
      let checkpoint = Checkpoint(step: 9, bestLoss: 0.5, means: RunningMeans(), state: try stage.state())
      try checkpoint.write(to: url)
      let read = try Checkpoint(contentsOf: url, step: 9)
      #expect(read.state.averageUpdates == 5)
      #expect(read.bestLoss == 0.5)

      // As the former version wrote it.
      try SafetensorsWriter.write(
        try stage.state().tensors, metadata: ["step": "9", "best_loss": "0.25"], to: url.path)
      let former = try Checkpoint(contentsOf: url, step: 9)
      #expect(former.state.averageUpdates == 9)
      #expect(former.bestLoss == 0.25)
      var other = try ToyStage()
      try other.restore(former.state)
      #expect(try other.state().averageUpdates == 9)
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
      try ToyStage.train(ToyStage(), in: folder)
      let newest = RunFolder(folder, stage: .autoencoder).checkpoint(step: 12)
      let whole = try Data(contentsOf: newest)
      let rows = rows(folder)
      try damage.apply(to: newest)
      var notes: [String] = []
      let outcome = try ToyStage.train(ToyStage(), in: folder, options: ToyStage.resuming) { notes.append($0) }
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
      try ToyStage.train(ToyStage(), in: folder)
      let run = RunFolder(folder, stage: .autoencoder)
      for step in [10, 12] { try Damage.flipped.apply(to: run.checkpoint(step: step)) }
      #expect(throws: TrainingError.damagedCheckpoint(path: run.checkpoint(step: 12).path)) {
        try ToyStage.train(ToyStage(), in: folder, options: ToyStage.resuming)
      }
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
    var stage = try ToyStage()
    stage.stepOfInfiniteGradient = 3
    for step in 0..<3 { _ = try stage.step(step) }
    let before = try stage.state().tensors.mapValues { try $0.doubles() }
    #expect(throws: NotFinite(quantity: .gradients)) { _ = try stage.step(3) }
    #expect(try stage.state().tensors.mapValues { try $0.doubles() } == before)
    #expect(try stage.state().averageUpdates == 3)
    // Nothing of the gradient is left for the next step.
    _ = try stage.step(4)
    #expect(try stage.state().tensors.values.allSatisfy { try $0.isEntirelyFinite })
  }

  @Test("on any step, a gradient that is not finite ends the run with the newest checkpoint whole", arguments: 0..<12)
  func anyStep(_ step: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var stage = try ToyStage()
      stage.stepOfInfiniteGradient = step
      let newest = step < 2 ? nil : step / 2 * 2
      #expect(throws: TrainingError.diverged(step: step + 1, quantity: .gradients, checkpoint: newest)) {
        try ToyStage.train(stage, in: folder)
      }
      try expectWholeFiles(in: folder)
      // What was stored goes on where the gradient is finite; without a checkpoint the run begins anew.
      let options = newest == nil ? ToyStage.options : ToyStage.resuming
      #expect(try ToyStage.train(ToyStage(), in: folder, options: options) == .finished(step: 12))
    }
  }

  @Test("on any step, weights that are not finite are never stored", arguments: 0..<12)
  func weights(_ step: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var stage = try ToyStage()
      stage.stepOfInfiniteWeight = step
      let error = #expect(throws: TrainingError.self) { try ToyStage.train(stage, in: folder) }
      guard case .diverged = error else {
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
      without == "the loss is infinite or not a number at step 7, which is not stored: begin anew with a lower "
        + "learningRate (--set learningRate=...)")
    let with = TrainingError.diverged(step: 7, quantity: .loss, checkpoint: 5).description
    #expect(with == without + " in another folder; the checkpoint of step 5 is whole")
  }

  @Test("both stages end so with a learning rate that is too high")
  func stages() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    var recipe = TinyDataset.recipe(steps: 20)
    (recipe.learningRate, recipe.warmupSteps) = (1e30, 0)
    var stage = try AutoencoderStage(recipe, architecture: TinyDataset.autoencoder, data: dataset.data())
    #expect(throws: NotFinite.self) { for step in 0..<20 { _ = try stage.step(step) } }
    try withTemporaryFolder { (folder: URL) throws in
      var recipe = DiffusionTrainingTests.recipe(steps: 20)
      (recipe.learningRate, recipe.warmupSteps) = (1e30, 0)
      var stage = try DiffusionTrainingTests.stage(recipe, in: folder)
      #expect(throws: NotFinite.self) { for step in 0..<20 { _ = try stage.step(step) } }
    }
  }
}
