import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models
import Support
import Terminal
import Torch
import Training

struct AblateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablate", abstract: "Train, or draw, with several settings and print one table.",
    discussion: """
      The grid 'components' gives the rows of the article's table 7: loss, distance, parameters and memory of other
      networks. 'memory' gives those of table 8: peak memory, time a step and loss with and without mixed precision,
      checkpointing and accumulation. 'sampling' gives those of table 5: what more steps cost a model (--model) and bring,
      on the dataset's test part. A file gives a grid of one's own: title, stage, settings, rows; or title and sampling
      with steps and guidance.
      """)

  @OptionGroup var choice: RecipeOptions

  @Option(
    help: ArgumentHelp(
      "Grid to run: \(GridFile.names.joined(separator: ", ")), or a YAML file.", valueName: "name|file.yaml"))
  var grid: String

  @Option(help: ArgumentHelp("Folder for the runs and the table.", valueName: "dir"), completion: .directory)
  var output: String

  @Option(help: ArgumentHelp("Model that a grid of sampling draws with.", valueName: "name|dir"))
  var model: String?

  @Option(parsing: .unconditional, help: "Steps of each training (default: 50).", transform: NumberText.whole)
  var steps: Int?

  @Option(
    parsing: .unconditional, help: "Steps of the autoencoder whose latents a diffusion grid trains on.",
    transform: NumberText.whole)
  var autoencoderSteps = 100

  @Option(
    help: """
      Samples of each row of a diffusion grid, whose distance to the validation images is measured (default: none; \
      at least \(SampleComparison.minimum)), or of a grid of sampling (default: 100).
      """, transform: NumberText.whole)
  var samples: Int?

  @OptionGroup var extractors: ExtractorOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  private struct Report: Encodable {
    var title: String
    var steps: Int
    var rows: [Ablation.Result]
  }

  func run() async throws {
    try common.check()
    let steps = self.steps ?? 50
    for (name, value) in [("steps", steps), ("autoencoder-steps", autoencoderSteps)]
    where !(1...10_000_000).contains(value) {
      throw RequestError.outOfRange(what: name, value: "\(value)", allowed: "1 to 10000000")
    }
    let grid: AblationGrid
    switch try GridFile(named: self.grid) {
    case .trainings(let trainings): grid = trainings
    case .sampling(let sampling): return try await draw(sampling)
    }
    if model != nil {
      throw RequestError.conflict("--model is given, and the grid trains models of its own", remedy: "leave it out")
    }
    let networks = try networks(for: grid)
    let request = try choice.request(output: output)
    if let threads = common.threads { try LibTorch.setThreads(threads) }
    let display = TrainingDisplay(console: common.console)
    defer { display.finish() }
    var current = ""
    var rows = try Ablation(grid, request: request, steps: steps).run(
      autoencoderSteps: autoencoderSteps, shouldStop: { Task.isCancelled }
    ) { row, report in
      if row != current {
        display.finish()
        common.console.note(row)
        current = row
      }
      display.show(report)
    }
    display.finish()
    if let samples {
      for index in rows.indices { try await measure(&rows[index], at: steps, samples: samples, by: networks) }
    }
    let report = Report(title: grid.title, steps: steps, rows: rows)
    try AtomicFile.write(
      Array(PrettyJSON.data(report)), to: URL(fileURLWithPath: output).appendingPathComponent("table.json").path)
    if json { try Console.writeJSON(report) } else { try Console.writeResult(Self.table(report)) }
  }

  /// Draws with one model by several settings.
  private func draw(_ grid: SamplingGrid) async throws {
    let given = [
      ("--steps", steps != nil), ("--recipe", choice.recipe != nil), ("--config", choice.config != nil),
      ("--set", !choice.step.settings.isEmpty), ("--precision", choice.step.precision != nil),
    ]
    if let option = given.first(where: { $0.1 })?.0 {
      throw RequestError.conflict("\(option) is of a training, and the grid trains nothing", remedy: "leave it out")
    }
    let samples = samples ?? 100
    try EvaluationOptions.check("samples", samples, 20...1_000_000)
    let report = try await SweepWork(
      model: model ?? ModelCatalog.defaultName, data: choice.data, part: .test, seed: 0, steps: grid.sampling.steps,
      guidance: grid.sampling.guidance, samples: samples, extractor: try extractors.choices().first,
      judge: try ShippedJudge.path(nil), output: output, console: common.console, threads: common.threads
    ).run(claims: grid.sampling.claims ?? [:])
    if json { try Console.writeJSON(report) } else { try Console.writeResult("\(grid.title)\n\n\(report.markdown)") }
  }

  /// The network that samples are compared by; none if none are drawn.
  private func networks(for grid: AblationGrid) throws -> [any FeatureExtractor] {
    guard let samples else {
      guard extractors.extractor.isEmpty else {
        throw RequestError.conflict(
          "--extractor measures samples, and none are drawn", remedy: "say how many by --samples, or leave it out")
      }
      return []
    }
    try EvaluationOptions.check("samples", samples, SampleComparison.minimum...1_000_000)
    guard grid.stage == .diffusion else {
      throw RequestError.conflict(
        "--samples are of a diffusion model, and the grid trains \(grid.stage.rawValue)", remedy: "leave it out")
    }
    return try extractors.required().prefix(1).map { try FeatureExtractorFile.load($0.path, pipeline: $0.pipeline) }
  }

  /// Measures the last step of a row, as `thorax evaluate run` does.
  private func measure(
    _ row: inout Ablation.Result, at steps: Int, samples: Int, by networks: [any FeatureExtractor]
  ) async throws {
    guard let run = row.run else { return }
    common.console.note(row.name)
    let snapshots = try RunSnapshots(of: run, averageWidth: nil)
    let images = try snapshots.images(in: URL(fileURLWithPath: choice.data))
    let comparison = try SampleComparison(
      images.dataset, training: images.training, validation: images.validation, samples: samples, seed: 0,
      captionSeed: snapshots.seed)
    let work = try RunDistanceWork(snapshots, comparison, console: common.console, threads: common.threads)
    var columns = try networks.map { try work.column($0) }
    try await work.measure(steps, in: &columns)
    row.distance = columns.first.flatMap { column in
      column.distances[steps].map {
        Ablation.Result.Distance(
          value: $0.distance, network: column.distances.network, samples: samples,
          trainingImages: column.distances.trainingDistance)
      }
    }
  }

  private static func table(_ report: Report) -> String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "-" }
    let distance = report.rows.lazy.compactMap(\.distance).first
    let heads =
      ["", "parameters", "peak of tensors", "s a step", "training loss", "validation loss"]
      + (distance.map { ["Fréchet distance, \($0.network), n = \($0.samples)"] } ?? []) + ["the article's claim"]
    let lines = report.rows.map { row in
      let measured =
        [
          row.parameters.map { String(format: "%.2f M", Double($0) / 1e6) } ?? "-",
          row.peakMemoryBytes.map { "\(MemorySize(bytes: $0))" } ?? "-", number(row.secondsPerStep),
          number(row.trainingLoss), number(row.validationLoss),
        ] + (distance == nil ? [] : [number(row.distance?.value)])
      return [row.name] + measured + [row.claim ?? ""]
    }
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let table = [line(heads), "|" + String(repeating: "---|", count: heads.count)] + lines.map(line)
    let notes =
      report.rows.compactMap { row in row.leftOut.map { "\(row.name) is left out: \($0)." } }
      + (distance?.trainingImages.map { ["Training images in the samples' place: \(number($0))."] } ?? [])
    return "\(report.title), \(report.steps.of("step"))\n\n" + table.joined(separator: "\n")
      + (notes.isEmpty ? "" : "\n\n" + notes.joined(separator: "\n"))
  }
}
