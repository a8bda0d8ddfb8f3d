import ArgumentParser
import Foundation
import Generation
import Support
import Terminal
import Torch
import Training

struct AblateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablate", abstract: "Train with several settings and print one table.",
    discussion: """
      The grid 'memory' gives the rows of the article's table 8: peak memory, time a step and loss with and without mixed
      precision, checkpointing and accumulation. A file gives a grid of one's own: title, stage, settings, rows.
      """)

  @OptionGroup var choice: RecipeOptions

  @Option(help: ArgumentHelp("Grid to run: memory, or a YAML file.", valueName: "name|file.yaml"))
  var grid: String

  @Option(help: ArgumentHelp("Folder for the runs and the table.", valueName: "dir"), completion: .directory)
  var output: String

  @Option(parsing: .unconditional, help: "Steps of each training.", transform: NumberText.whole)
  var steps = 50

  @Option(
    parsing: .unconditional, help: "Steps of the autoencoder whose latents a diffusion grid trains on.",
    transform: NumberText.whole)
  var autoencoderSteps = 100

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
    for (name, value) in [("steps", steps), ("autoencoder-steps", autoencoderSteps)]
    where !(1...10_000_000).contains(value) {
      throw RequestError.outOfRange(what: name, value: "\(value)", allowed: "1 to 10000000")
    }
    let grid = try AblationGrid(named: grid)
    let request = try choice.request(output: output)
    if let threads = common.threads { try LibTorch.setThreads(threads) }
    let display = TrainingDisplay(console: common.console)
    defer { display.finish() }
    var current = ""
    let rows = try Ablation(grid, request: request, steps: steps).run(
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
    let report = Report(title: grid.title, steps: steps, rows: rows)
    try AtomicFile.write(
      Array(PrettyJSON.data(report)), to: URL(fileURLWithPath: output).appendingPathComponent("table.json").path)
    if json { try Console.writeJSON(report) } else { try Console.writeResult(Self.table(report)) }
  }

  private static func table(_ report: Report) -> String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "-" }
    let lines = report.rows.map { row in
      "| \(row.name) | \(row.peakMemoryBytes.map { "\(MemorySize(bytes: $0))" } ?? "-") | "
        + "\(number(row.secondsPerStep)) | \(number(row.trainingLoss)) | \(number(row.validationLoss)) | "
        + "\(row.claim ?? "") |"
    }
    return """
      \(report.title), \(report.steps.of("step"))

      | | peak of tensors | s a step | training loss | validation loss | the article's claim |
      |---|---|---|---|---|---|
      \(lines.joined(separator: "\n"))
      """
  }
}
