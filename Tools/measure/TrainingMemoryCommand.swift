import ArgumentParser
import Foundation
import Models
import Support
import Training

/// How far the memory that `thorax train plan` predicts is from what steps take.
struct TrainingMemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training-memory",
    abstract: "Predicted and counted peaks of training steps in many settings (docs/training-memory.md).")

  @Option(help: "Dataset of images of 256 pixels, made by 'thorax data import'.")
  var data: String

  @Option(help: "Part of a setting's name; the others are left out.")
  var only: String?

  private struct Setting {
    var stage: TrainingStageName
    var recipe: String
    var settings: [String]

    var name: String { "\(stage.rawValue) \(recipe) \(settings.joined(separator: " "))" }
  }

  private static var all: [Setting] {
    func grid(
      _ stage: TrainingStageName, _ recipe: String, _ batches: [String], _ precisions: [String], _ policies: [String]
    ) -> [Setting] {
      batches.flatMap { batch in
        precisions.flatMap { precision in
          policies.map { policy in
            let parts = batch.split(separator: "x")
            return Setting(
              stage: stage, recipe: recipe,
              settings: [
                "batchSize=\(parts[0])", "accumulation=\(parts[1])", "precision=\(precision)",
                "checkpointing=\(policy)",
              ])
          }
        }
      }
    }
    let all = ["none", "everySecond", "all"]
    return grid(.autoencoder, "small", ["16x1", "8x4"], ["float32", "bfloat16"], ["none", "all"])
      + grid(.autoencoder, "released", ["8x1"], ["float32"], all)
      + grid(.autoencoder, "paper", ["8x1"], ["bfloat16"], ["none", "all"])
      + grid(.diffusion, "small", ["32x1", "16x2"], ["float32", "bfloat16"], all)
      + grid(.diffusion, "released", ["16x1"], ["float32"], ["none", "all"])
      + grid(.diffusion, "paper", ["8x2"], ["float32", "bfloat16"], ["none", "all"])
      // The sizes of the article's Tables 1 and 2.
      + grid(.autoencoder, "paper", ["32x1"], ["bfloat16"], ["all"])
      + grid(.diffusion, "paper", ["4x1"], ["float16"], ["none", "all"])
  }

  func run() throws {
    print("| stage | recipe | settings | predicted | counted | error |\n|---|---|---|---|---|---|")
    var worst = 0.0
    for setting in Self.all where only.map({ setting.name.contains($0) }) ?? true {
      let request = TrainingRequest(
        dataset: URL(fileURLWithPath: data), run: URL(fileURLWithPath: "."), recipe: setting.recipe,
        settings: setting.settings)
      let peaks = try TrainingPlan.peaks(request, stage: setting.stage)
      let error = Double(peaks.predicted - peaks.counted) / Double(peaks.counted)
      worst = max(worst, abs(error))
      print(
        "| \(setting.stage.rawValue) | \(setting.recipe) | \(setting.settings.joined(separator: ", ")) | "
          + "\(MemorySize(bytes: peaks.predicted)) | \(MemorySize(bytes: peaks.counted)) | "
          + String(format: "%+.1f %%", error * 100) + " |")
      // The next setting may take minutes.
      fflush(nil)
    }
    print("\nworst: " + String(format: "%.1f %%", worst * 100))
  }
}
