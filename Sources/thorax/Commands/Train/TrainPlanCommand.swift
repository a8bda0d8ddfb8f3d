import ArgumentParser
import Foundation
import Generation
import Models
import Support
import Terminal
import Torch
import Training

extension TrainCommand {
  struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "plan", abstract: "Predict memory and time of a training, and how to make it fit.",
      discussion: """
        Makes a few steps with one row and with some, and extends them to the recipe's. Nothing is encoded or written.
        With --memory the fastest way to make the same steps within it is chosen.
        """)

    @OptionGroup var choice: RecipeOptions

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Most memory of tensors that a step may take, such as 8GB or 6GiB.", valueName: "size"))
    var memory: String?

    @Option(help: ArgumentHelp("vae, diffusion or classifier (default: vae and diffusion).", valueName: "stage"))
    var stage: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
      var peakMemoryBytes: Int
      var secondsPerStep: Double
      var steps: Int
      var totalSeconds: Double
      var settings: [String: String]
      var stages: [MemoryPlan]

      enum CodingKeys: String, CodingKey {
        case steps, settings, stages
        case peakMemoryBytes = "peak_memory_bytes"
        case secondsPerStep = "seconds_per_step"
        case totalSeconds = "total_seconds"
      }
    }

    func run() throws {
      try common.check()
      let bytes = try memory.map { text in
        guard let size = MemorySize(text) else {
          throw RequestError.outOfRange(what: "memory", value: text, allowed: "a size such as 8GB or 6GiB")
        }
        return size.bytes
      }
      let stages = try stage.map { name in
        guard let stage = TrainingStageName(rawValue: name) else {
          throw RequestError.outOfRange(
            what: "stage", value: name, allowed: TrainingPlan.stages.map(\.rawValue).joined(separator: " or "))
        }
        return [stage]
      }
      if let threads = common.threads { try LibTorch.setThreads(threads) }
      let plans = try TrainingPlan.plans(
        choice.request(output: "."), stages: stages ?? [.autoencoder, .diffusion], memory: bytes)
      guard let last = plans.last else { return }
      if json {
        try Console.writeJSON(
          Report(
            peakMemoryBytes: plans.map(\.chosen.peakMemoryBytes).max() ?? 0,
            secondsPerStep: last.chosen.secondsPerStep, steps: last.steps,
            totalSeconds: plans.reduce(0) { $0 + $1.totalSeconds }, settings: last.settings, stages: plans))
      } else {
        for plan in plans { try Console.writeResult(Self.text(plan)) }
      }
    }

    private static func text(_ plan: MemoryPlan) -> String {
      func line(_ way: MemoryPlan.Way, _ mark: String) -> String {
        let memory = "\(MemorySize(bytes: way.peakMemoryBytes))"
        return mark + " checkpointing \(way.checkpointing.rawValue)".padded(to: 27)
          + "\(way.batchSize) x \(way.accumulation)".padded(to: 10) + memory.padded(to: 10)
          + String(format: "%.3g s a step", way.secondsPerStep)
      }
      let ways = plan.considered.map { line($0, $0 == plan.chosen ? "*" : " ") }
      let settings = plan.settings.sorted { $0.key < $1.key }.map { "--set \($0.key)=\($0.value)" }
      return """
        \(plan.stage): \(MemorySize(bytes: plan.chosen.peakMemoryBytes)) at most, \
        \(plan.steps.of("step")) in \(ProgressLine.duration(plan.totalSeconds)), without encoding and validation
        \(ways.joined(separator: "\n"))
        * \(plan.reason)
          \(settings.joined(separator: " "))
        """
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
