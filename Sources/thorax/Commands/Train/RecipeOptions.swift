import ArgumentParser
import Foundation
import Generation
import Torch
import Training

/// What a step of training is made with, besides its recipe.
struct StepOptions: ParsableArguments {
  @Option(name: .customLong("set"), help: ArgumentHelp("One setting; may be given again.", valueName: "key=value"))
  var settings: [String] = []

  @Option(help: DeviceChoice.help, completion: DeviceChoice.completion)
  var device: String?

  @Option(
    help: ArgumentHelp("fp32, bf16, or fp16 with a scaled loss (default: the recipe's).", valueName: "precision"))
  var precision: String?

  /// The device, and all settings: those that were given, and the precision's.
  func resolved() throws -> (device: Device, settings: [String]) {
    let device = try DeviceChoice(name: device ?? "auto").resolved()
    return (device, settings + (try TrainingRequest.setting(ofPrecision: precision, on: device)))
  }
}

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

  @OptionGroup var step: StepOptions

  /// A request for a run in the folder `output`.
  func request(output: String) throws -> TrainingRequest {
    let (device, settings) = try step.resolved()
    return TrainingRequest(
      dataset: URL(fileURLWithPath: data), run: URL(fileURLWithPath: output), recipe: recipe,
      configuration: config.map { URL(fileURLWithPath: $0) }, settings: settings, device: device)
  }
}

extension TrainingRequest {
  /// The setting that `--precision` means; empty if it is not given or leaves the choice to the recipe.
  static func setting(ofPrecision name: String?, on device: Device) throws -> [String] {
    guard let choice = try name.map({ try PrecisionChoice(name: $0) }), choice != .automatic else { return [] }
    guard choice != .int8 else {
      throw RequestError.conflict("a training cannot compute in int8", remedy: "choose auto, fp32, bf16 or fp16")
    }
    return ["precision=\(try choice.resolved(on: device).dtype.rawValue)"]
  }
}
