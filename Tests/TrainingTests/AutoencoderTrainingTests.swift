import Foundation
import RadiographModels
import RunRecords
import TensorFiles
import Testing
import Torch

@testable import Training

@Suite("Training an autoencoder", .serialized)
struct AutoencoderTrainingTests {
  private func loop(
    _ dataset: TinyDataset, _ name: String, resume: Bool = false, stopAfter: Int = .max,
    report: @escaping (TrainingReport) -> Void = { _ in }
  ) throws -> LoopOutcome {
    var cadence = Cadence()
    (cadence.log, cadence.validate, cadence.checkpoint) = (4, 12, 100)
    let objective = try AutoencoderObjective(
      TinyDataset.recipe(steps: 12), architecture: TinyDataset.autoencoder, data: dataset.data())
    return try ToyObjective.train(
      objective, in: dataset.run(name), cadence: cadence, resume: resume, stopAfter: stopAfter, report: report)
  }

  private func checkpoint(_ dataset: TinyDataset, _ name: String, step: Int) throws -> [UInt8] {
    Array(try Data(contentsOf: RunFolder(dataset.run(name), stage: .autoencoder).checkpoint(step: step)))
  }

  @Test("a run that was stopped and resumed ends with the very bytes of one that was not")
  func exactResume() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    #expect(try loop(dataset, "whole") == .finished(step: 12))
    #expect(try loop(dataset, "parts", stopAfter: 5) == .stopped(step: 5))
    #expect(try loop(dataset, "parts", resume: true) == .finished(step: 12))
    #expect(try checkpoint(dataset, "parts", step: 12) == checkpoint(dataset, "whole", step: 12))
    #expect(try loop(dataset, "again") == .finished(step: 12))
    #expect(try checkpoint(dataset, "again", step: 12) == checkpoint(dataset, "whole", step: 12))
  }

  @Test("a run leaves metrics, samples and the best weights, which load into the architecture")
  func files() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    var splits: [MeasuredSplit] = []
    var steps: [Int] = []
    _ = try loop(dataset, "run") { report in
      switch report {
      case .measured(let row): splits.append(row.split)
      case .progress(let work):
        steps.append(work.done)
        #expect(work.total == 12)
      case .note: break
      }
    }
    #expect(steps == Array(1...12))
    #expect(splits == [.training, .training, .training, .validation])
    let folder = RunFolder(dataset.run("run"), stage: .autoencoder)
    let lines = try String(contentsOf: folder.metrics, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.last?.contains("\"psnr\"") == true)
    #expect(FileManager.default.fileExists(atPath: folder.samples.appendingPathComponent("step-00000012.png").path))
    let weights = try SafetensorsFile(path: folder.best.path)
    #expect(weights.metadata["step"] == "12")
    #expect(!weights.names.isEmpty)
  }

  @Test("a run leaves its page and an event file for each process, of steps that follow on one another")
  func records() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    _ = try loop(dataset, "run", stopAfter: 5)
    _ = try loop(dataset, "run", resume: true)
    let folder = RunFolder(dataset.run("run"), stage: .autoencoder)
    let rows = MetricsLog(folder.metrics).rows()
    #expect(rows.map(\.step) == [4, 8, 12, 12])
    let examples = try dataset.dataset.records(split: .train).count
    #expect(rows.last?.epoch.map { abs($0 - 48 / Double(examples)) < 0.001 } == true)
    #expect(zip(rows, rows.dropFirst()).allSatisfy { ($0.seconds ?? 0) <= ($1.seconds ?? -1) })
    // Weights, gradients, moments and an average of some thousand parameters, and what a batch keeps.
    #expect(rows.allSatisfy { (1 << 16..<1 << 26).contains($0.peakMemoryBytes ?? 0) })
    #expect(rows.allSatisfy { ($0.peakResidentBytes ?? 0) > 1 << 24 })
    let events = try FileManager.default.contentsOfDirectory(atPath: folder.folder.path)
      .filter { $0.hasPrefix("events.out.tfevents.") }
    #expect(events.count == 2)
    let page = try String(contentsOf: folder.report, encoding: .utf8)
    #expect(page.contains("Table 1. Autoencoder") && page.contains("src=\"data:image/jpeg;base64,"))
  }

  @Test("a run is not overwritten, and there must be one to resume")
  func existingRuns() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let path = RunFolder(dataset.run("run"), stage: .autoencoder).folder.path
    #expect(throws: TrainingError.nothingToResume(path: path)) { try loop(dataset, "run", resume: true) }
    _ = try loop(dataset, "run")
    #expect(throws: TrainingError.runExists(path: path)) { try loop(dataset, "run") }
  }

  @Test("training makes the loss fall")
  func learning() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let objective = try AutoencoderObjective(
      TinyDataset.recipe(steps: 160), architecture: TinyDataset.autoencoder, data: dataset.data())
    let losses = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<160)
    let (early, late) = (losses.prefix(10).reduce(0, +), losses.suffix(10).reduce(0, +))
    #expect(late < 0.8 * early, "\(early / 10) to \(late / 10)")
  }

  @Test("ten steps, and a step that fails in its middle, leave no handle behind")
  func liveHandles() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    func work(learningRate: Double) throws {
      var recipe = try TinyDataset.recipe(steps: 20)
      recipe.learningRate = learningRate
      recipe.warmupSteps = 0
      let objective = try AutoencoderObjective(recipe, architecture: TinyDataset.autoencoder, data: dataset.data())
      _ = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<10)
    }
    let before = try LibTorch.liveHandlesOfThread()
    try work(learningRate: 1e-3)
    #expect(try LibTorch.liveHandlesOfThread() == before)
    // The first step throws the weights so far that the second fails between its forward pass and its update.
    #expect(throws: NotFinite(quantity: .loss)) { try work(learningRate: 1e30) }
    #expect(try LibTorch.liveHandlesOfThread() == before)
  }
}
