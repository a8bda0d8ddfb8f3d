import Foundation
import RunRecords
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import Training

/// Every way to make a step: what moves the weights, what follows them, in which precision, with what kept.
@Suite("The settings of a step", .serialized)
struct StepSettingsTests {
  struct Way: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout CommonSettings) -> Void

    static let all = [
      Way(testDescription: "Muon") { ($0.optimizer, $0.muonRateFactor) = (.muon, 2) },
      Way(testDescription: "float16") { $0.precision = .float16 },
      Way(testDescription: "bfloat16 with accumulation") {
        ($0.precision, $0.batchSize, $0.accumulation) = (.bfloat16, 2, 2)
      },
      Way(testDescription: "averages of two widths") { $0.averageWidths = [0.05, 0.1] },
      Way(testDescription: "checkpointing") { $0.checkpointing = .all },
      Way(testDescription: "averages and optimiser in main memory") {
        ($0.averagesOnCPU, $0.optimizerOnCPU) = (true, true)
      },
    ]
  }

  private func objective(_ way: Way, steps: Int, in folder: URL) throws -> DiffusionObjective {
    var recipe = try DiffusionTrainingTests.recipe(steps: steps)
    way.change(&recipe.common)
    recipe.cadence.snapshot = 2
    return try DiffusionTrainingTests.objective(recipe, in: folder)
  }

  @Test("a run that was stopped and resumed ends with the very bytes of one that was not", arguments: Way.all)
  func exactResume(_ way: Way) throws {
    try withTemporaryFolder { (root: URL) throws in
      let (whole, parts) = (root.appendingPathComponent("whole"), root.appendingPathComponent("parts"))
      var cadence = Cadence()
      (cadence.validate, cadence.snapshot) = (6, 2)
      func train(_ folder: URL, resume: Bool = false, stopAfter: Int = .max) throws -> LoopOutcome {
        try ToyObjective.train(
          objective(way, steps: 6, in: root), in: folder, cadence: cadence, resume: resume, stopAfter: stopAfter)
      }
      #expect(try train(whole) == .finished(step: 6))
      #expect(try train(parts, stopAfter: 4) == .stopped(step: 4))
      #expect(try train(parts, resume: true) == .finished(step: 6))
      let files = [whole, parts].map { RunFolder($0, stage: .diffusion) }
      #expect(try Data(contentsOf: files[0].checkpoint(step: 6)) == Data(contentsOf: files[1].checkpoint(step: 6)))
    }
  }

  @Test("the loss falls", arguments: Way.all)
  func learning(_ way: Way) throws {
    try withTemporaryFolder { (folder: URL) throws in
      let objective = try objective(way, steps: 100, in: folder)
      let step = try OptimizerStep(objective.trained)
      var losses: [Double] = []
      for number in 0..<100 {
        // A scale of 65536 may be too much for the first steps of float16.
        if case .taken(let values) = try step(objective, step: number) { losses.append(values[.loss] ?? .nan) }
      }
      #expect(losses.count > 90)
      let (early, late) = (losses.prefix(15).reduce(0, +) / 15, losses.suffix(15).reduce(0, +) / 15)
      #expect(late < 0.9 * early, "\(early) to \(late)")
    }
  }

  @Test("what saves memory changes no step: checkpointing, and the optimiser's state in main memory")
  func sameSteps() throws {
    try withTemporaryFolder { (folder: URL) throws in
      func run(
        _ change: @escaping @Sendable (inout CommonSettings) -> Void
      ) throws -> (losses: [Double], weights: [Double]) {
        let objective = try objective(Way(testDescription: "", change: change), steps: 8, in: folder)
        let step = try OptimizerStep(objective.trained)
        let losses = try step.losses(of: objective, steps: 0..<8)
        let weights = try step.model.weights.store.tensors().sorted { $0.key < $1.key }
        return (losses, try weights.flatMap { try $0.value.doubles() })
      }
      let plain = try run { _ in }
      for other in [try run { $0.optimizerOnCPU = true }, try run { $0.averagesOnCPU = true }] {
        #expect(other == plain)
      }
      // Where gradients meet, the order of the additions differs.
      for other in [try run { $0.checkpointing = .all }, try run { $0.checkpointing = .everySecond }] {
        #expect(zip(plain.losses, other.losses).allSatisfy { abs($0 - $1) < 1e-5 })
        let difference = zip(plain.weights, other.weights).reduce(0) { $0 + abs($1.0 - $1.1) }
        #expect(difference / Double(plain.weights.count) < 1e-6)
      }
    }
  }

  @Test("in float16 the scale falls until gradients are finite, the skipped steps are counted, and the scale is stored")
  func scale() throws {
    try withTemporaryFolder { (folder: URL) throws in
      var way = Way.all[1]
      way.change = { ($0.precision, $0.learningRate) = (.float16, 1e-3) }
      let objective = try objective(way, steps: 4, in: folder)
      let step = try OptimizerStep(objective.trained)
      let first = try #require(step.scaler).scale
      #expect(first == 65536)
      // Weights that large make gradients which float16 cannot hold at this scale.
      try withoutGradients {
        for parameter in step.model.weights.store.trainableParameters where parameter.path.hasPrefix("unet.output") {
          try parameter.value.copyInPlace(Tensor.full(parameter.shape, value: 200))
        }
      }
      var skipped = 0
      for number in 0..<4 { if case .skipped = try step(objective, step: number) { skipped += 1 } }
      #expect(skipped > 0)
      #expect(step.scaler?.scale == first * Float(pow(0.5, Double(skipped))))
      let other = try OptimizerStep(try self.objective(way, steps: 4, in: folder).trained)
      try other.restore(step.state())
      #expect(other.scaler?.scale == step.scaler?.scale)
    }
  }

  @Test("an average of another width is made of snapshots, close to the one that was followed")
  func widths() throws {
    try withTemporaryFolder { (folder: URL) throws in
      func train(_ widths: [Double], in folder: URL) throws -> OptimizerStep {
        let way = Way(testDescription: "") { ($0.averageWidths, $0.learningRate) = (widths, 1e-2) }
        let objective = try objective(way, steps: 200, in: folder)
        let step = try OptimizerStep(objective.trained)
        let snapshots = AverageSnapshots(folder: folder.appendingPathComponent("averages"))
        for number in 0..<200 {
          _ = try step(objective, step: number)
          if (number + 1) % 10 == 0 { try snapshots.store(step.model.powerAverages, step: number + 1) }
        }
        return step
      }
      _ = try train([0.05, 0.1], in: folder)
      let snapshots = AverageSnapshots(folder: folder.appendingPathComponent("averages"))
      let weights = try snapshots.weights(width: 0.08)
      let made = try #require(weights).tensors
      #expect(weights?.updates == 200)
      let other = folder.appendingPathComponent("other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      let step = try train([0.08], in: other)
      let followed = try #require(step.model.powerAverages.first).average.state()
      #expect(made.keys.sorted() == followed.keys.sorted())
      var (error, size) = (0.0, 0.0)
      for (path, tensor) in followed {
        let now = try #require(step.model.weights.store[path]).value
        error += try (#require(made[path]) - tensor).square().sum().item()
        size += try (now - tensor).square().sum().item()
      }
      // Much nearer to the average than the weights themselves are.
      #expect(error < 0.01 * size, "\(error) of \(size)")
      #expect(try AverageSnapshots(folder: other.appendingPathComponent("none")).weights(width: 0.08) == nil)
    }
  }
}
