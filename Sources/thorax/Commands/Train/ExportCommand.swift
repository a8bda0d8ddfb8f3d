import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models
import RadiographData
import Support
import Terminal
import Torch
import Training

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a run's best weights as a model folder with its card.")

  enum WeightsType: String, CaseIterable, ExpressibleByArgument {
    case fp16, fp32

    init?(argument: String) {
      guard let type = Self.allCases.first(where: { $0.dtype == DType(precision: argument) }) else { return nil }
      self = type
    }

    var dtype: DType { self == .fp16 ? .float16 : .float32 }
  }

  @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
  var source: String

  @Option(help: "Model folder to write; its name becomes the model's.", completion: .directory)
  var output: String

  @Option(help: "Number format of the weights on disk: fp16 or fp32.")
  var dtype = WeightsType.fp16

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Average the diffusion model's weights over this share of the training, 0.01 to 0.25, from the snapshots of a run "
        + "with averageWidths (default: the weights that validated best).", valueName: "width"))
  var emaWidth: Double?

  @Option(help: "Under which terms the weights may be used.")
  var licence = "not stated"

  @Option(help: ArgumentHelp("Text of the card (default: written from the run).", valueName: "file.md"))
  var card: String?

  @Option(
    help: ArgumentHelp(
      "Take the decoder from this run, which was trained with --set keepsEncoder=true.", valueName: "run"),
    completion: .directory)
  var decoder: String?

  @Flag(help: "Export the diffusion model of a run with one that was distilled from it.")
  var undistilled = false

  @Option(
    help: ArgumentHelp(
      "Refuse the model if its samples are copies of the training images of this dataset.", valueName: "dataset"),
    completion: .directory)
  var gate: String?

  @Option(parsing: .unconditional, help: "Samples that the gate judges.", transform: NumberText.whole)
  var gateSamples = 100

  @Flag(help: "Replace a model that exists.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    try EvaluationOptions.check("gate-samples", gateSamples, 1...1_000_000)
    let dataset = try gate.map { try RadiographDataset.open(URL(fileURLWithPath: $0)) }
    let target = URL(fileURLWithPath: output)
    // Before the weights of both stages are read.
    try ModelFolder.requireFree(target.path, overwrite: overwrite)
    var export = try RunExport(
      run: URL(fileURLWithPath: source), name: target.lastPathComponent, licence: licence,
      averageWidth: emaWidth, undistilled: undistilled)
    if let decoder { export = try export.withDecoder(of: URL(fileURLWithPath: decoder)) }
    let text = try card.map { String(decoding: try BoundedFile.contents(of: $0), as: UTF8.self) } ?? export.card()
    if let dataset { try await judge(export, against: dataset, beside: target) }
    try ModelFolder.write(
      export.description, weights: export.weights, card: text, dtype: dtype.dtype, to: target.path,
      overwrite: overwrite)
    try RunExport.writeTrainingImages(
      of: runs, to: target.appendingPathComponent(TrainingRecord.fileName))
    try Console.writeResult(target.path)
  }

  /// What the model's parts were trained in.
  private var runs: [URL] { ([source] + [decoder].compactMap { $0 }).map { URL(fileURLWithPath: $0) } }

  /// Draws samples of the model, in a folder of its own, and refuses it if they are copies.
  private func judge(_ export: RunExport, against dataset: RadiographDataset, beside target: URL) async throws {
    let note = WorkNotes(common.console)
    try TrainingRecord(lines: RunExport.trainingImages(of: runs))?
      .requireAll(in: dataset, model: source)
    let host = try await export.host(dtype: dtype.dtype, beside: target, threads: common.threads)
    let result = try await ModelGate(
      host: host, dataset: dataset, extractors: ShippedJudge.path(nil).map { [ExtractorChoice(path: $0)] } ?? []
    ) { note($0) }.run(samples: gateSamples, seed: 0)
    note(result.report.summary)
    guard result.report.refused else { return }
    let pairs = target.path + "-copies.png"
    try AtomicFile.write(result.pairs.picture().pngBytes(), to: pairs)
    throw MeasurementError.copies(
      model: target.lastPathComponent, copies: result.report.copies, images: result.report.n,
      allowed: result.report.allowed, pairs: pairs)
  }
}
