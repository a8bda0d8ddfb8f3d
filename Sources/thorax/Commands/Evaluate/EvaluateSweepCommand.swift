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

  @Option(
    help: ArgumentHelp(
      "Classifier that judges (default: the one that ships; none for no judge).", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var judge: String?

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
    for number in stepNumbers { try SamplingOverrides(steps: number).validate() }
    for scale in scales ?? [] { try SamplingOverrides(guidance: scale).validate() }
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: options.data))
    let host = try await ModelHost.load(model, threads: common.threads)
    for number in stepNumbers { _ = try host.sampling(for: SamplingOverrides(steps: number)) }
    var settings = SamplingSweep.Options(
      steps: stepNumbers, guidances: scales ?? [host.description.sampling.guidance])
    (settings.samples, settings.seed, settings.part) = (samples, options.seed, options.split)
    settings.extractor = try extractors.choices().first
    settings.judge = try ShippedJudge.path(judge)
    let folder = try ResultFolder(output)
    let note = WorkNotes(common.console)
    let sweep = try SamplingSweep(host: host, dataset: dataset, options: settings) { note($0) }
    let report = try await sweep.run { steps in
      try SampleFolder(path: folder.path("samples/\(steps)-steps"), origin: SampleFolder.Origin(host, steps: steps))
    }
    try folder.write(PrettyJSON.data(report), to: "sweep.json")
    try folder.write(report.markdown + "\n", to: "sweep.md")
    try folder.write(SweepPage(report: report, program: "thorax \(ThoraxVersion.current)").document(), to: "sweep.html")
    if json { try Console.writeJSON(report) } else { try Console.writeResult(report.markdown) }
  }
}
