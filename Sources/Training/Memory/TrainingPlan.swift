import Foundation
import Models
import RadiographModels
import Torch

/// The memory and time that a run will take, stage by stage, measured before it begins.
public enum TrainingPlan {
  /// The stages that can be planned. What distillation takes depends on its teacher.
  public static let stages: [TrainingStageName] = [.autoencoder, .diffusion, .classifier, .reidentifier]

  /// Plans the stages of a run that has not begun.
  ///
  /// - Parameters:
  ///   - request: The run; nothing is written into it.
  ///   - stages: The stages to plan.
  ///   - memory: The most bytes of tensors that a step may take on the device; nil plans the recipes as they are.
  /// - Throws: ``TrainingError/memoryTooSmall(bytes:least:)``, ``TrainingError/invalidSetting(key:value:remedy:)``,
  ///   `DatasetError`, `TorchError`.
  public static func plans(
    _ request: TrainingRequest, stages: [TrainingStageName], memory: Int?
  ) throws -> [MemoryPlan] {
    try stages.map { try stage($0, of: request).plan(memory) }
  }

  /// The peak that a plan predicts for a recipe as it is, and the one that is counted in steps of it.
  ///
  /// - Throws: as ``plans(_:stages:memory:)``.
  public static func peaks(
    _ request: TrainingRequest, stage: TrainingStageName
  ) throws -> (predicted: Int, counted: Int) {
    try self.stage(stage, of: request).peaks()
  }

  /// A stage of a run that has not begun, whatever its settings.
  private struct Stage {
    let plan: (_ memory: Int?) throws -> MemoryPlan
    let peaks: () throws -> (predicted: Int, counted: Int)

    /// - Parameter make: The objective of a recipe.
    init<Settings: StageSettings>(
      _ request: TrainingRequest, make: @escaping (StageRecipe<Settings>) throws -> any Objective
    ) throws {
      let recipe: StageRecipe<Settings> = try request.resolved()
      let plan: (Int?) throws -> MemoryPlan = {
        try MemoryPlan.plan(recipe, limit: $0, device: request.device, make: make)
      }
      self.plan = plan
      peaks = {
        let probe = try StepProbe(
          rows: (recipe.batchSize, recipe.batchSize), microBatches: recipe.accumulation, device: request.device
        ) { _ in try make(recipe) }
        return (try plan(nil).chosen.peakMemoryBytes, probe.peak(rows: recipe.batchSize))
      }
    }
  }

  private static func stage(_ name: TrainingStageName, of request: TrainingRequest) throws -> Stage {
    switch name {
    case .autoencoder: try Stage(request, make: autoencoder(request))
    case .diffusion: try Stage(request, make: diffusion(request))
    case .classifier: try Stage(request, make: classifier(request))
    case .reidentifier: try Stage(request, make: reidentifier(request))
    case .distillation:
      throw TrainingError.invalidSetting(
        key: "--stage", value: name.rawValue,
        remedy: "choose one of \(stages.map(\.rawValue).joined(separator: ", "))")
    }
  }

  private static func classifier(
    _ request: TrainingRequest
  ) throws -> (ClassifierStageRecipe) throws -> any Objective {
    let dataset = try request.openDataset()
    let training = try PixelBatches(dataset, split: .train, withoutTexts: true, device: request.device)
    return { recipe in
      try recipe.own.requireNames(in: dataset)
      let labelled = try training.filtered(.train, recipe.own.knowsLabel)
      return try ClassifierObjective(
        recipe, data: StageData(training: labelled, validation: labelled, validated: [0]), device: request.device)
    }
  }

  private static func reidentifier(_ request: TrainingRequest) throws -> (ReidentifierRecipe) throws -> any Objective {
    let dataset = try request.openDataset()
    let training = try PixelBatches(dataset, split: .train, withoutTexts: true, device: request.device)
    let data = StageData(training: training, validation: training, validated: [0])
    return { try ReidentifierObjective($0, data: data, device: request.device) }
  }

  private static func autoencoder(
    _ request: TrainingRequest
  ) throws -> (AutoencoderRecipe) throws -> any Objective {
    let dataset = try request.openDataset()
    let training = try PixelBatches(dataset, split: .train, withoutTexts: true, device: request.device)
    let data = StageData(training: training, validation: training, validated: [0])
    return { recipe in
      // A discriminator that starts later takes its memory then: it is planned for from the first step.
      var recipe = recipe
      recipe.adversarialStart = 0
      return try AutoencoderObjective(
        recipe, architecture: recipe.common.modelArchitecture().autoencoder, data: data, device: request.device)
    }
  }

  private static func diffusion(_ request: TrainingRequest) throws -> (DiffusionRecipe) throws -> any Objective {
    { try DiffusionProbe($0, device: request.device) }
  }
}

extension TrainingRequest {
  /// The recipe of a run that has not begun.
  fileprivate func resolved<Settings: StageSettings>() throws -> StageRecipe<Settings> {
    try .ofNewRun(recipe, file: configuration, settings: settings)
  }
}
