import ArgumentParser
import Diffusion
import Foundation
import Generation
import Models
import RadiographModels
import Support
import Terminal

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed and memory on this machine.",
    subcommands: [BenchGenerateCommand.self, BenchTrainCommand.self])
}

struct BenchGenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Measure the parts of an image.",
    discussion: """
      Every time stands beside the rate of one reference convolution (64 channels, 32x32, batch 2, float32) that is \
      measured in the same run: machines differ, shares of that rate do less. A preset is measured with random weights.
      """)

  @Option(help: ArgumentHelp("Architecture to measure: released, paper or small.", valueName: "name"))
  var preset: String?

  @Option(
    help: ArgumentHelp("Model to measure in place of a preset (default: the one that ships).", valueName: "name|dir"))
  var model: String?

  @Option(parsing: .unconditional, help: "Denoising steps (default: the model's).", transform: NumberText.whole)
  var steps: Int?

  @Option(
    parsing: .unconditional, help: "Classifier-free guidance scale (default: the model's).", transform: NumberText.real)
  var guidance: Double?

  @Option(help: ArgumentHelp("Sampler (default: the model's).", valueName: "name"))
  var sampler: String?

  @Option(help: DeviceChoice.help, completion: DeviceChoice.completion)
  var device: String?

  @Option(help: PrecisionChoice.help, completion: PrecisionChoice.completion)
  var precision: String?

  @Option(parsing: .unconditional, help: "Tokens of the prompt.", transform: NumberText.whole)
  var tokens: Int = 32

  @Option(parsing: .unconditional, help: "Measured runs of each case.", transform: NumberText.whole)
  var runs: Int = 10

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    guard GenerationBenchmark.runsRange.contains(runs) else {
      throw RequestError.outOfRange(what: "runs", value: "\(runs)", allowed: "1 to 10000")
    }
    guard (1...512).contains(tokens) else {
      throw RequestError.outOfRange(what: "tokens", value: "\(tokens)", allowed: "1 to 512")
    }
    if preset != nil, model != nil {
      throw RequestError.conflict("--preset and --model are both given", remedy: "give one of them")
    }
    let settings = SamplingOverrides(
      steps: steps, guidance: guidance, sampler: try sampler.map { try SamplerKind(named: $0.lowercased()) })
    let source =
      try preset == nil ? ModelSource(path: ModelCatalog.standard().path(for: model ?? ModelCatalog.defaultName)) : nil
    let benchmark = GenerationBenchmark(
      description: try source?.description ?? description(ofPreset: preset ?? ""), source: source, settings: settings,
      device: try DeviceChoice(name: device ?? "auto"), precision: try PrecisionChoice(name: precision ?? "auto"),
      threads: common.threads, runs: runs, tokens: tokens)
    let console = common.console
    let meter = console.meter("measuring", unit: "runs", total: benchmark.totalRuns)
    let report = try await benchmark.run(
      progress: { meter.update($0) }, observe: { console.detail("\($0.name): \(Int($0.p50)) ms") })
    meter.finish()
    if json { try Console.writeJSON(report) } else { try Console.writeResult(Self.text(report)) }
  }

  private func description(ofPreset name: String) throws -> ModelDescription {
    guard let preset = ModelPreset(rawValue: name) else {
      throw RequestError.unknown(what: "preset", value: name, known: ModelPreset.allCases.map(\.rawValue))
    }
    return ModelDescription(preset: preset)
  }

  private static func text(_ report: BenchmarkReport) -> String {
    func number(_ value: Double?, _ digits: Int) -> String { value.map { String(format: "%.\(digits)f", $0) } ?? "" }
    let table = TextTable(
      title: "case", heads: ["p50 ms", "p95 ms", "runs", "GFLOP", "GFLOP/s", "share", "peak MiB"],
      rows: report.cases.map { item in
        [
          item.name, number(item.p50, 1), number(item.p95, 1), "\(item.runs)", number(item.gflop, 2),
          number(item.gflopPerSecond, 0), number(item.share, 2), "\(item.peakMemoryBytes >> 20)",
        ]
      })
    return (table.lines() + [report.circumstances]).joined(separator: "\n")
  }
}

extension BenchmarkReport {
  /// What the times were measured on, in one line.
  var circumstances: String {
    "\(model) on \(device) in \(precision), \(threads) threads of \(machine.processor);"
      + " reference convolution \(Int(referenceGflopPerSecond)) GFLOP/s"
  }
}
