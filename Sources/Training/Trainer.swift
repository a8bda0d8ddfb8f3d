import Foundation
import Models
import RadiographModels

/// Trains the parts of a model.
public enum Trainer {
  /// Trains what a stage trains.
  ///
  /// - Parameters: as for ``trainDiffusion(_:shouldStop:report:)``.
  /// - Throws: as the function of the stage.
  public static func train(
    _ stage: TrainingStageName, _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    switch stage {
    case .autoencoder: try trainAutoencoder(request, shouldStop: shouldStop, report: report)
    case .diffusion: try trainDiffusion(request, shouldStop: shouldStop, report: report)
    case .classifier: try trainClassifier(request, shouldStop: shouldStop, report: report)
    case .reidentifier: try trainReidentifier(request, shouldStop: shouldStop, report: report)
    case .distillation: try trainDistillation(request, shouldStop: shouldStop, report: report)
    }
  }

  /// Trains an autoencoder on a dataset's radiographs.
  ///
  /// - Parameters:
  ///   - shouldStop: asked before every step; true ends the run with a checkpoint.
  ///   - report: called with progress after every step, and with the losses now and then.
  /// - Throws: ``TrainingError``, ``TrainingError/runInUse(path:process:host:since:)`` among them, `DatasetError`,
  ///   `FileAccessError`, `TorchError`.
  public static func trainAutoencoder(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try trainAutoencoder(request, architecture: nil, shouldStop: shouldStop, report: report)
  }

  /// Trains a diffusion model on the latents of the run's autoencoder.
  ///
  /// - Parameters:
  ///   - shouldStop: asked before every step and every batch that is encoded; true ends the run with what it has.
  ///   - report: as for ``trainAutoencoder(_:shouldStop:report:)``, and called while images and texts are encoded.
  /// - Throws: as ``trainAutoencoder(_:shouldStop:report:)``; `TextEncoderError` if the encoder is not there or does not
  ///   fit.
  public static func trainDiffusion(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try trainDiffusion(request, architecture: nil, shouldStop: shouldStop, report: report)
  }

  /// Trains a diffusion model after another, the setting `teacher`, so that an image takes fewer calls of the network.
  ///
  /// - Parameters: as for ``trainDiffusion(_:shouldStop:report:)``.
  /// - Throws: as ``trainDiffusion(_:shouldStop:report:)``; `ModelError` for a teacher that is no model.
  public static func trainDistillation(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try trainDistillation(request, architecture: nil, shouldStop: shouldStop, report: report)
  }

  /// - Parameter architecture: another than the preset's, which only tests have.
  static func trainDistillation(
    _ request: TrainingRequest, architecture: ModelArchitecture?, shouldStop: () -> Bool,
    report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try train(request, nil, shouldStop: shouldStop, report: report) { begun in
      let recipe: DistillationRecipe = begun.recipe
      let teacher = try Teacher(recipe.teacher, architecture: architecture)
      try begun.pin(teacher)
      let data = try begun.data(recipe.seed, withoutTexts: false)
      return try DistillationPreparation(
        recipe: recipe, teacher: teacher, data: data,
        folder: begun.folder, device: request.device, limits: begun.limits, group: begun.group, report: begun.report
      ).objective()
    }
  }

  /// Trains a classifier of a dataset's labels. Its best weights, `checkpoints/best.safetensors`, are a file that
  /// `LabelClassifier` reads.
  ///
  /// - Parameters: as for ``trainAutoencoder(_:shouldStop:report:)``.
  /// - Throws: as ``trainAutoencoder(_:shouldStop:report:)``; ``TrainingError/classifierData(reason:)`` for a dataset
  ///   without labels.
  public static func trainClassifier(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try train(request, nil, shouldStop: shouldStop, report: report) { begun in
      let recipe: ClassifierStageRecipe = begun.recipe
      let data = try begun.data(
        recipe.seed, withoutTexts: true, where: { !$0.isComputed && recipe.own.knowsLabel(of: $0) })
      return try ClassifierObjective(recipe, data: data, device: request.device)
    }
  }

  /// Trains a network that recognises patients, on those who have two images or more. Its best weights,
  /// `checkpoints/best.safetensors`, are a file that `Reidentifier` reads.
  ///
  /// - Parameters: as for ``trainAutoencoder(_:shouldStop:report:)``.
  /// - Throws: as ``trainAutoencoder(_:shouldStop:report:)``;
  ///   ``TrainingError/tooFewRepeatedPatients(path:split:found:minimum:reason:)``.
  public static func trainReidentifier(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try train(request, nil, shouldStop: shouldStop, report: report) { begun in
      let recipe: ReidentifierRecipe = begun.recipe
      let data = try begun.data(recipe.seed, withoutTexts: true, where: { !$0.isComputed })
      return try ReidentifierObjective(recipe, data: data, device: request.device)
    }
  }

  /// - Parameter architecture: another than the preset's, which only tests have.
  static func trainAutoencoder(
    _ request: TrainingRequest, architecture: ModelArchitecture?, shouldStop: () -> Bool,
    report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try train(request, architecture, shouldStop: shouldStop, report: report) { begun in
      let recipe: AutoencoderRecipe = begun.recipe
      let data = try begun.data(recipe.seed, withoutTexts: true)
      let network = try architecture ?? recipe.common.modelArchitecture()
      return try AutoencoderObjective(
        recipe, architecture: network.autoencoder, data: data, device: request.device)
    }
  }

  /// - Parameter architecture: another than the preset's, which only tests have.
  static func trainDiffusion(
    _ request: TrainingRequest, architecture: ModelArchitecture?, shouldStop: () -> Bool,
    report: (TrainingReport) -> Void
  ) throws -> LoopOutcome {
    try train(request, architecture, shouldStop: shouldStop, report: report) { begun in
      let recipe: DiffusionRecipe = begun.recipe
      let data = try begun.data(recipe.seed, withoutTexts: false)
      try begun.requireUnseenValidation(data)
      return try DiffusionPreparation(
        recipe: recipe, architecture: try architecture ?? recipe.common.modelArchitecture(), data: data,
        folder: begun.folder, autoencoderWeights: RunFolder(request.run, stage: .autoencoder).best,
        device: request.device, limits: begun.limits, group: begun.group,
        report: begun.report
      ).objective()
    }
  }

  /// What all stages do before their first step and around their steps.
  private static func train<Settings: StageSettings>(
    _ request: TrainingRequest, _ architecture: ModelArchitecture?, shouldStop: () -> Bool,
    report: (TrainingReport) -> Void, prepare: (BegunRun<Settings>) throws -> any Objective
  ) throws -> LoopOutcome {
    try withoutActuallyEscaping(shouldStop) { shouldStop in
      try withoutActuallyEscaping(report) { report in
        let group: any ProcessGroup = try request.processes.map { try GlooProcesses($0) } ?? Alone()
        do {
          let outcome = try train(
            request, architecture, in: group, shouldStop: shouldStop, report: group.isFirst ? report : { _ in },
            prepare: prepare)
          try group.leave()
          return outcome
        } catch {
          group.end(because: error)
          throw error
        }
      }
    }
  }

  /// What is trained; if it cannot be made, nothing of the start stays.
  private static func prepared<Settings: StageSettings>(
    _ begun: BegunRun<Settings>, _ prepare: (BegunRun<Settings>) throws -> any Objective
  ) throws -> any Objective {
    do {
      return try prepare(begun)
    } catch let error as EncodingStopped {
      throw error
    } catch {
      begun.withdraw()
      throw error
    }
  }

  private static func train<Settings: StageSettings>(
    _ request: TrainingRequest, _ architecture: ModelArchitecture?, in group: any ProcessGroup,
    shouldStop: @escaping () -> Bool, report: @escaping (TrainingReport) -> Void,
    prepare: (BegunRun<Settings>) throws -> any Objective
  ) throws -> LoopOutcome {
    // While the first process encodes it waits for no other, so that the loss of another has to be looked for here.
    let limits = RunLimits(
      maximumSeconds: request.options.maximumSeconds, checkpointFlag: request.checkpointFlag
    ) { shouldStop() || group.isBroken }
    let begun = try group.firstThenOthers {
      try BegunRun<Settings>(request, architecture: architecture, limits: limits, group: group, report: report)
    }
    return try withExtendedLifetime(begun) {
      do {
        return try TrainingLoop(
          folder: begun.folder, cadence: begun.recipe.cadence, resume: request.options.resume, limits: limits,
          group: group, report: report
        ).run(prepared(begun, prepare))
      } catch let error as EncodingStopped {
        return .endedPreparing(timeIsUp: error.reason == .timeUp)
      }
    }
  }
}
