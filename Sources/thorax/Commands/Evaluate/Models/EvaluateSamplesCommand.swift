import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models
import RadiographData
import Support
import Terminal

/// `thorax evaluate samples`.
struct EvaluateSamplesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "samples", abstract: "Draw the samples of an evaluation and keep them on disk.",
    discussion: """
      Writes a PNG for each sample and prompt_INFO.csv with the columns prompt and img_savename, as CheXGenBench reads it. \
      Called again, it draws what is missing.
      """)

  @Option(help: ArgumentHelp("Model to draw with: a name, or a model folder.", valueName: "name|dir"))
  var model: String = ModelCatalog.defaultName

  @Option(
    help: ArgumentHelp("Dataset whose patients' labels make the prompts.", valueName: "dataset"),
    completion: .directory)
  var data: String?

  @Option(help: "Part of the dataset: test, validation or held-out (both).")
  var split = HeldOutPart.test

  @Option(
    help: ArgumentHelp(
      "Prompts from a text file, CSV (column prompt; CheXGenBench's tables too) or JSONL.", valueName: "file"),
    completion: .file(extensions: ["csv", "txt", "jsonl"]))
  var prompts: String?

  @Option(parsing: .unconditional, help: "Samples in all (default: one a prompt).", transform: NumberText.whole)
  var count: Int?

  @Option(parsing: .unconditional, help: "Seed of the first sample.", transform: NumberText.whole)
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Folder to keep the samples in.", valueName: "dir"), completion: .directory)
  var output: String

  @OptionGroup var drawing: DrawingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    if let count { try EvaluationOptions.check("count", count, 1...1_000_000) }
    let texts = try promptTexts()
    let folder = try ResultFolder(output)
    let source = try ModelSource(path: ModelCatalog.standard().path(for: model))
    let host = try await drawing.host(source, threads: common.threads)
    let kept = try SampleFolder(path: folder.path, origin: SampleFolder.Origin(host))
    let total = count ?? texts.count
    try await kept.fill((0..<total).map { texts[$0 % texts.count] }, from: host, seed: seed, console: common.console)
    let drawn = await kept.drawn
    common.console.note("\(drawn.of("sample")) drawn, \(total - drawn) there before")
    try Console.writeResult(await kept.writeTable())
  }

  private func promptTexts() throws -> [String] {
    switch (prompts, data) {
    case (let path?, nil): return try PromptsFile.read(path: path).map(\.prompt)
    case (nil, let path?):
      let dataset = try RadiographDataset.open(URL(fileURLWithPath: path))
      let records = try dataset.records().filter { split.contains($0.split) }
      let set = try DatasetImages(dataset, records: records, title: path, captions: true, seed: seed)
      let texts = (0..<set.count).compactMap { set.facts(at: $0).prompt }
      guard !texts.isEmpty else {
        throw MeasurementError.noLabels(path: path, wanted: "the \(split.rawValue) part, of which prompts can be made")
      }
      return texts
    default:
      throw RequestError.conflict("one of --data and --prompts is needed", remedy: "say where the prompts come from")
    }
  }
}
