import ArgumentParser
import Foundation
import Generation
import Torch
import Training

/// What is trained on what, by which settings.
struct RecipeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Dataset made by 'thorax data import'.", valueName: "dataset"), completion: .directory)
  var data: String

  @Option(
    help: ArgumentHelp("Recipe to follow (default: small; 'thorax train recipes' lists them).", valueName: "name"),
    completion: .list(RecipeCatalog.names))
  var recipe: String?

  @Option(
    help: ArgumentHelp("Settings that differ from the recipe's.", valueName: "file.yaml"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("One setting; may be given again.", valueName: "key=value"))
  var settings: [String] = []

  @Option(help: ArgumentHelp("auto, cpu, cuda, cuda:N or mps.", valueName: "device"))
  var device = "auto"

  @Option(
    help: ArgumentHelp("fp32, bf16, or fp16 with a scaled loss (default: the recipe's).", valueName: "precision"))
  var precision: String?

  /// A request for a run in the folder `output`.
  func request(output: String) throws -> TrainingRequest {
    let device = try DeviceChoice(name: device).resolved()
    let precision = try precision.map { try PrecisionChoice(name: $0) }
    let fixed = precision.flatMap { $0 == .automatic ? nil : "precision=\($0.resolved(on: device).rawValue)" }
    return TrainingRequest(
      dataset: URL(fileURLWithPath: data), run: URL(fileURLWithPath: output), recipe: recipe,
      configuration: config.map { URL(fileURLWithPath: $0) }, settings: settings + (fixed.map { [$0] } ?? []),
      device: device)
  }
}
