import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models
import RadiographData
import Support
import Terminal

/// `thorax evaluate sweep`.
struct EvaluateSweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Measure what steps and guidance cost and bring: the article's Tables 5 and 10.",
    discussion: """
      Writes sweep.json, sweep.md, sweep.html (fidelity against agreement) and the samples into the output folder. A call that \
      was interrupted goes on where it was.
      """)

  @Option(help: ArgumentHelp("Model to draw with: a name, or a model folder.", valueName: "name|dir"))
  var model: String = ModelCatalog.defaultName

  @OptionGroup var options: EvaluationOptions
  @OptionGroup var extractors: ExtractorOptions

  @OptionGroup var judge: JudgeOptions

  @Option(help: ArgumentHelp("Numbers of steps.", valueName: "n,n,..."))
  var steps: String = "5,10,20,50"

  @Option(help: ArgumentHelp("Guidance scales (default: the model's own).", valueName: "x,x,..."))
  var guidance: String?

  @Option(parsing: .unconditional, help: "Samples of each setting.", transform: NumberText.whole)
  var samples: Int = 100

  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"), completion: .directory)
  var output: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    try EvaluationOptions.check("samples", samples, 20...1_000_000)
    let stepNumbers = try EvaluationOptions.list(steps, option: "steps") { Int($0) }
    let scales = try guidance.map { try EvaluationOptions.list($0, option: "guidance") { Double($0) } }
    let work = SweepWork(
      model: model, data: options.data, part: options.split, seed: options.seed, steps: stepNumbers, guidance: scales,
      samples: samples, extractor: try extractors.choices().first, judge: try judge.path(), output: output,
      console: common.console, threads: common.threads)
    let report = try await work.run()
    if json { try Console.writeJSON(report) } else { try Console.writeResult(report.markdown) }
  }
}
