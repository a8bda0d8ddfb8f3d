import ArgumentParser
import Foundation
import Generation
import Models
import Support
import Terminal
import Torch
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train the parts of a model on a dataset.",
    subcommands: [
      Autoencoder.self, Diffusion.self, Distillation.self, Classifier.self, Reidentifier.self, Plan.self, Recipes.self,
      Status.self,
    ])

  /// Options that every stage takes.
  struct Options: ParsableArguments {
    @OptionGroup var choice: RecipeOptions

    @Option(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
    var output: String

    @Flag(help: "Continue from the run's newest checkpoint.")
    var resume = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Stop with a checkpoint after this long, such as 90m or 2h.", valueName: "duration"))
    var maxTime: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Train with this many processes on this machine, which share --threads (see docs/training-parallel.md).",
        valueName: "n"),
      transform: NumberText.whole)
    var processes = 1

    @OptionGroup var common: CommonOptions

    func request() throws -> TrainingRequest {
      try common.check()
      let place = try ProcessPlace(environment: ProcessInfo.processInfo.environment)
      var choice = choice
      // On a machine with GPUs, each of several processes has a GPU of its own.
      let isOpen = ["auto", "cuda"].contains((choice.step.device ?? "auto").lowercased())
      if let place, isOpen, try DeviceChoice(name: choice.step.device ?? "auto").resolved() == .cuda(0) {
        choice.step.device = "cuda:\(place.localRank)"
      }
      var request = try choice.request(output: output)
      request.options.resume = resume
      request.options.maximumSeconds = try maxTime.map(Self.seconds)
      request.processes = place
      return request
    }

    /// The launcher of several processes; nil if this process is one of them, or trains alone.
    private func launcher() throws -> ProcessLauncher? {
      guard (1...64).contains(processes) else {
        throw RequestError.outOfRange(what: "processes", value: "\(processes)", allowed: "1 to 64")
      }
      guard processes > 1 else { return nil }
      if try ProcessPlace(environment: ProcessInfo.processInfo.environment) != nil {
        throw RequestError.conflict(
          "--processes and the variables RANK and WORLD_SIZE exclude each other",
          remedy: "leave out --processes where a launcher has started this process")
      }
      let threads = common.threads ?? ProcessInfo.processInfo.activeProcessorCount
      return ProcessLauncher(
        count: processes, threads: max(1, threads / processes), console: common.console)
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
    ) async throws {
      try common.check()
      if let launcher = try launcher() { return try await launcher.run() }
      ChildProcess.endWithLauncher()
      let request = try request()
      if let threads = common.threads { try LibTorch.setThreads(threads) }
      // Of several processes, only the first prints anything but errors.
      let isFirst = request.processes.map { $0.rank == 0 } ?? true
      let console = isFirst ? common.console : Console(level: .quiet)
      let display = TrainingDisplay(console: console)
      defer { display.finish() }
      let userSignal = Interruption.raise(request.checkpointFlag)
      defer { userSignal.cancel() }
      let outcome = try train(request, { Task.isCancelled }, display.show)
      display.finish()
      switch outcome {
      case .finished(let step): console.note("finished after \(step.of("step"))")
      case .timeUp(let step): console.note("time is up after \(step.of("step")): add --resume to go on")
      case .stopped(let step): throw TrainingError.interrupted(step: step)
      case .endedPreparing(timeIsUp: true):
        console.note("time is up; what was encoded is stored: add --resume to go on")
      case .endedPreparing(timeIsUp: false): throw TrainingError.interruptedPreparing
      }
      if isFirst { try Console.writeResult(request.run.path) }
    }
  }

  struct Autoencoder: StageCommand {
    static let stage = TrainingStageName.autoencoder
    static let abstract = "Train the autoencoder between radiographs and latents."
    @OptionGroup var options: Options
  }

  struct Diffusion: StageCommand {
    static let stage = TrainingStageName.diffusion
    static let abstract = "Train the diffusion model on the latents of the run's autoencoder."
    @OptionGroup var options: Options
  }

  struct Distillation: StageCommand {
    static let stage = TrainingStageName.distillation
    static let abstract =
      "Train a model that needs fewer calls of its network, after one that was trained (--set teacher=...)."
    @OptionGroup var options: Options
  }

  struct Classifier: StageCommand {
    static let stage = TrainingStageName.classifier
    static let abstract = "Train a classifier of the dataset's labels."
    @OptionGroup var options: Options
  }

  struct Reidentifier: StageCommand {
    static let stage = TrainingStageName.reidentifier
    static let abstract = "Train a network that recognises the patient of a radiograph."
    @OptionGroup var options: Options
  }
}

/// A command that trains one stage; its name is the stage's.
protocol StageCommand: AsyncParsableCommand {
  static var stage: TrainingStageName { get }
  static var abstract: String { get }
  var options: TrainCommand.Options { get }
}

extension StageCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: stage.rawValue, abstract: abstract)
  }

  func run() async throws {
    try await options.run { try Trainer.train(Self.stage, $0, shouldStop: $1, report: $2) }
  }
}
