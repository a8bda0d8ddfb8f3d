import ArgumentParser
import Foundation
import Generation
import Terminal
import Torch
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train the parts of a model on a dataset.",
    subcommands: [Autoencoder.self, Diffusion.self, Recipes.self])

  /// Options that both stages take.
  struct Options: ParsableArguments {
    @Option(help: ArgumentHelp("Dataset made by 'thorax data import'.", valueName: "dataset"), completion: .directory)
    var data: String

    @Option(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
    var output: String

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

    @Flag(help: "Continue from the run's newest checkpoint.")
    var resume = false

    @Option(help: ArgumentHelp("Stop with a checkpoint after this long, such as 90m or 2h.", valueName: "duration"))
    var maxTime: String?

    @Option(help: ArgumentHelp("auto, cpu, cuda, cuda:N or mps.", valueName: "device"))
    var device = "auto"

    @Option(
      help: ArgumentHelp("fp32, or bf16 with autocast (default: the recipe's).", valueName: "precision"))
    var precision: String?

    @OptionGroup var common: CommonOptions

    func request() throws -> TrainingRequest {
      try common.check()
      var options = LoopOptions()
      options.resume = resume
      options.maximumSeconds = try maxTime.map(Self.seconds)
      let device = try DeviceChoice(name: device).resolved()
      let precision = try precision.map { try PrecisionChoice(name: $0) }
      let fixed = precision.flatMap { $0 == .automatic ? nil : "precision=\($0.resolved(on: device).rawValue)" }
      return TrainingRequest(
        dataset: URL(fileURLWithPath: data), run: URL(fileURLWithPath: output), recipe: recipe,
        configuration: config.map { URL(fileURLWithPath: $0) },
        settings: settings + (fixed.map { [$0] } ?? []), device: device, options: options)
    }

    /// Reads `90`, `90s`, `15m`, `2h` or `1.5h` as seconds.
    static func seconds(_ text: String) throws -> Double {
      let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
      let unit = text.last.flatMap { units[$0] }
      guard let value = Double(unit == nil ? text : String(text.dropLast())), value.isFinite, value > 0, value < 1e7
      else {
        throw RequestError.outOfRange(what: "max-time", value: text, allowed: "a duration such as 90s, 15m or 2h")
      }
      return value * (unit ?? 1)
    }

    /// Runs one stage, with its progress on standard error.
    func run(
      _ train: (TrainingRequest, () -> Bool, (TrainingReport) -> Void) throws -> LoopOutcome
    ) throws {
      let request = try request()
      if let threads = common.threads { try LibTorch.setThreads(threads) }
      let console = common.console
      let display = TrainingDisplay(console: console)
      defer { display.finish() }
      let outcome = try train(request, { Task.isCancelled }, display.show)
      display.finish()
      switch outcome {
      case .finished(let step): console.note("finished after \(step) steps")
      case .timeUp(let step): console.note("time is up after \(step) steps: add --resume to go on")
      case .stopped(let step): throw TrainingError.interrupted(step: step)
      case .endedPreparing(timeIsUp: true):
        console.note("time is up; what was encoded is stored: add --resume to go on")
      case .endedPreparing(timeIsUp: false): throw TrainingError.interruptedPreparing
      }
      try Console.writeResult(request.run.path)
    }
  }

  struct Autoencoder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "vae", abstract: "Train the autoencoder between radiographs and latents.")

    @OptionGroup var options: Options

    func run() async throws { try options.run { try Trainer.trainAutoencoder($0, shouldStop: $1, report: $2) } }
  }

  struct Diffusion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diffusion", abstract: "Train the diffusion model on the latents of the run's autoencoder.")

    @OptionGroup var options: Options

    func run() async throws {
      try options.run { try Trainer.trainDiffusion($0, shouldStop: $1, report: $2) }
    }
  }
}
