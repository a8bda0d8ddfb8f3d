import Diffusion
import Foundation
import Generation
import RadiographModels
import TensorFiles
import Torch

/// A finished run as a model that generation can load.
public struct RunExport {
  public let description: ModelDescription
  public let weights: [ModelFolder.Part: [String: Tensor]]

  /// Reads the best weights of both stages.
  ///
  /// - Parameters:
  ///   - run: the folder that was given to `thorax train --output`.
  ///   - name: the model's name.
  ///   - facts: what the card says beside what the run itself knows.
  /// - Throws: ``TrainingError/missingStage(path:stage:)`` when a stage was not trained yet.
  public init(run: URL, name: String, licence: String, facts: [String: String] = [:]) throws {
    let stages = (RunFolder(run, stage: "vae"), RunFolder(run, stage: "diffusion"))
    for folder in [stages.0, stages.1] where !FileManager.default.fileExists(atPath: folder.best.path) {
      throw TrainingError.missingStage(path: run.path, stage: folder.stage)
    }
    let autoencoderRecipe: AutoencoderRecipe = try ConfigurationResolver.stored(stages.0.configuration)
    let recipe: DiffusionRecipe = try ConfigurationResolver.stored(stages.1.configuration)
    let statisticsFile = DiffusionPreparation.statisticsFile(in: stages.1)
    let statistics = try JSONDecoder().decode(LatentStatistics.self, from: Data(contentsOf: statisticsFile))
    let autoencoder = try SafetensorsFile(path: stages.0.best.path)
    let diffusion = try SafetensorsFile(path: stages.1.best.path)
    let tensors = try diffusion.loadTensors()

    guard let preset = ModelPreset(rawValue: recipe.preset) else {
      throw TrainingError.invalidSetting(key: "preset", value: recipe.preset, remedy: "choose a known one")
    }
    var description = ModelDescription(preset: preset)
    description.name = name
    description.scheduler = recipe.scheduler
    description.latent = statistics
    description.licence = licence
    // A run can be exported where its encoder is not; the model then goes by the name alone.
    let encoder = try? TextEncoderReference(atHand: recipe.textEncoder)
    description.textEncoder = encoder ?? TextEncoderReference(name: recipe.textEncoder)
    description.training = facts.merging(
      [
        "vae_steps": autoencoder.metadata["step"] ?? "", "vae_batch": "\(autoencoderRecipe.batchSize)",
        "diffusion_steps": diffusion.metadata["step"] ?? "",
        "diffusion_batch": "\(recipe.batchSize * recipe.accumulation)",
        "validation_loss": diffusion.metadata["loss"] ?? "",
      ]) { given, _ in given }
    self.description = description
    weights = [
      .autoencoder: try autoencoder.loadTensors(), .unet: Self.part("unet.", of: tensors),
      .textProjection: Self.part("text.", of: tensors),
    ]
  }

  private static func part(_ prefix: String, of tensors: [String: Tensor]) -> [String: Tensor] {
    tensors.reduce(into: [:]) { result, item in
      if item.key.hasPrefix(prefix) { result[String(item.key.dropFirst(prefix.count))] = item.value }
    }
  }
}

extension RunExport {
  /// The card of a model that has none of its own: what it is, how it was made, what it must not be used for.
  public func card() throws -> String {
    let counts = try description.architecture.parameterCounts()
    let facts = description.training.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
    return """
      # \(description.name)

      Draws synthetic chest radiographs from text. **Synthetic; not for diagnosis.**

      | | |
      |---|---|
      | architecture | preset `\(description.preset)` |
      | parameters | autoencoder \(counts.autoencoder), U-Net \(counts.unet), text projection \(counts.textProjection) |
      | text encoder | \(description.textEncoder.name), frozen |
      | licence | \(description.licence) |
      \(facts.map { "| \($0.key.replacingOccurrences(of: "_", with: " ")) | \($0.value) |" }.joined(separator: "\n"))

      """
  }
}
