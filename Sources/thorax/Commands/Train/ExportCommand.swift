import ArgumentParser
import Foundation
import Generation
import Terminal
import Models
import Torch
import Training

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a run's best weights as a model folder with its card.")

  enum WeightsType: String, CaseIterable, ExpressibleByArgument {
    case fp16, fp32

    var dtype: DType { self == .fp16 ? .float16 : .float32 }
  }

  @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
  var source: String

  @Option(help: "Model folder to write; its name becomes the model's.", completion: .directory)
  var output: String

  @Option(help: "Number format of the weights on disk: fp16 or fp32.")
  var dtype = WeightsType.fp16

  @Option(
    help: ArgumentHelp(
      "Average the diffusion model's weights over this share of the training, 0.01 to 0.25, from the snapshots of a run "
        + "with averageWidths (default: the weights that validated best).", valueName: "width"))
  var emaWidth: Double?

  @Option(help: "Under which terms the weights may be used.")
  var licence = "not stated"

  @Option(help: ArgumentHelp("Text of the card (default: written from the run).", valueName: "file.md"))
  var card: String?

  @Flag(help: "Export the diffusion model of a run with one that was distilled from it.")
  var undistilled = false

  @Flag(help: "Replace a model that exists.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.check()
    let target = URL(fileURLWithPath: output)
    // Before the weights of both stages are read.
    try ModelFolder.requireFree(target.path, overwrite: overwrite)
    let export = try RunExport(
      run: URL(fileURLWithPath: source), name: target.lastPathComponent, licence: licence,
      averageWidth: emaWidth, undistilled: undistilled)
    let text = try card.map { try String(contentsOfFile: $0, encoding: .utf8) } ?? export.card()
    try ModelFolder.write(
      export.description, weights: export.weights, card: text, dtype: dtype.dtype, to: target.path,
      overwrite: overwrite)
    try Console.writeResult(target.path)
  }
}
