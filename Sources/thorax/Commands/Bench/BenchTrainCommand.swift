import ArgumentParser
import Foundation
import Generation
import Models
import Support
import Terminal
import Torch
import Training

struct BenchTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Measure steps of training.",
    discussion: """
      Networks, losses, optimiser and averages are a recipe's, images and texts made up once and seen in every step. \
      docs/training-speed.md says how such steps compare with PyTorch's.
      """)

  @Option(
    help: ArgumentHelp("Recipe to measure (default: small).", valueName: "name"),
    completion: .list(RecipeCatalog.names))
  var preset: String?

  @Option(help: ArgumentHelp("vae or diffusion (default: both).", valueName: "stage"))
  var stage: String?

  @OptionGroup var step: StepOptions

  @Option(parsing: .unconditional, help: "Measured steps of each stage.", transform: NumberText.whole)
  var runs = 10

  @Option(
    help: ArgumentHelp(
      "Write inputs, weights, loss and gradients of the stage's first micro-batch, for other programs to compute it.",
      valueName: "file.safetensors"))
  var saveStep: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.check()
    guard TrainingBenchmark.runsRange.contains(runs) else {
      throw RequestError.outOfRange(what: "runs", value: "\(runs)", allowed: "1 to 10000")
    }
    let stages = try stages()
    if saveStep != nil, stages.count > 1 {
      throw RequestError.conflict("--save-step writes one stage", remedy: "give --stage too")
    }
    if let threads = common.threads { try LibTorch.setThreads(threads) }
    let (device, settings) = try step.resolved()
    let benchmark = TrainingBenchmark(recipe: preset, settings: settings, device: device, runs: runs)
    let before = try ReferenceConvolution.rate()
    let steps = TrainingBenchmark.warmUp + runs
    let meter = common.console.meter("measuring", unit: "steps", total: stages.count * steps)
    let outcomes = try stages.enumerated().map { index, stage in
      try benchmark.run(stage, saving: saveStep.map { URL(fileURLWithPath: $0) }) { meter.update(index * steps + $0) }
    }
    meter.finish()
    let precisions = outcomes.map { PrecisionChoice(dtype: $0.precision).rawValue }
    var report = BenchmarkReport(
      model: preset ?? RecipeCatalog.names[0], device: "\(device)", precision: precisions.last ?? "",
      threads: try LibTorch.threads())
    report.cases = outcomes.map { outcome in
      var result = BenchmarkReport.Case(
        name: "\(outcome.stage.rawValue), \(outcome.imagesPerStep.of("image"))", milliseconds: outcome.milliseconds,
        peakMemoryBytes: outcome.peakMemoryBytes ?? 0)
      result.imagesPerSecond = Double(outcome.imagesPerStep) * 1000 / result.p50
      result.processorP50 = outcome.processorMilliseconds.median
      result.losses = outcome.losses
      return result
    }
    report.referenceGflopPerSecond = max(before, try ReferenceConvolution.rate())
    if json { try Console.writeJSON(report) } else { try Console.writeResult(Self.text(report)) }
  }

  private func stages() throws -> [TrainingStageName] {
    guard let stage else { return TrainingBenchmark.stages }
    guard let known = TrainingBenchmark.stages.first(where: { $0.rawValue == stage }) else {
      throw RequestError.unknown(what: "stage", value: stage, known: TrainingBenchmark.stages.map(\.rawValue))
    }
    return [known]
  }

  private static func text(_ report: BenchmarkReport) -> String {
    let table = TextTable(
      title: "a step", heads: ["p50 ms", "p95 ms", "runs", "images/s", "peak MiB"],
      rows: report.cases.map { item in
        [
          item.name, String(format: "%.1f", item.p50), String(format: "%.1f", item.p95), "\(item.runs)",
          String(format: "%.1f", item.imagesPerSecond ?? 0), "\(item.peakMemoryBytes >> 20)",
        ]
      })
    return (table.lines() + [report.circumstances]).joined(separator: "\n")
  }
}
