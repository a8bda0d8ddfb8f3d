import ArgumentParser
import Foundation
import Generation
import Terminal
import Torch
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train the parts of a model on a dataset.",
    subcommands: [Autoencoder.self, Diffusion.self, Plan.self, Recipes.self, Status.self])

  /// Options that every stage takes.
  struct Options: ParsableArguments {
    @OptionGroup var choice: RecipeOptions

    @Option(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
    var output: String

    @Flag(help: "Continue from the run's newest checkpoint.")
    var resume = false

    @Option(help: ArgumentHelp("Stop with a checkpoint after this long, such as 90m or 2h.", valueName: "duration"))
    var maxTime: String?

    @OptionGroup var common: CommonOptions

    func request() throws -> TrainingRequest {
      try common.check()
      var request = try choice.request(output: output)
      request.options.resume = resume
      request.options.maximumSeconds = try maxTime.map(Self.seconds)
      return request
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
