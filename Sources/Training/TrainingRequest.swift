import Foundation
import RadiographData
import RadiographModels
import Support
import TensorFiles
import Torch

/// What `thorax train` is asked for: which data, where the run lives, which settings.
public struct TrainingRequest: Sendable {
  public var dataset: URL
  public var run: URL
  /// A YAML file of settings that differ from the recipe's.
  public var configuration: URL?
  /// `key=value` pairs, applied last.
  public var settings: [String]
  public var device: Device
  public var options: LoopOptions

  public init(
    dataset: URL, run: URL, configuration: URL? = nil, settings: [String] = [], device: Device = .cpu,
    options: LoopOptions = LoopOptions()
  ) {
    self.device = device
    self.dataset = dataset
    self.run = run
    self.configuration = configuration
    self.settings = settings
    self.options = options
  }

  /// The recipe as resolved; stored in the run, and on resuming compared with what the run was begun with.
  func resolve<Recipe: TrainingRecipe>(in folder: RunFolder) throws -> Recipe {
    guard options.resume else { return try Recipe.resolved(file: configuration, settings: settings) }
    guard folder.newestStep() != nil else { throw TrainingError.nothingToResume(path: folder.folder.path) }
    let begun: Recipe = try ConfigurationResolver.stored(folder.configuration)
    let asked = try ConfigurationResolver.overlay(file: configuration, settings: settings)
    let recipe = try ConfigurationResolver.resolve(begun, overlay: asked)
    let differences = try ConfigurationResolver.differences(begun, recipe)
    guard differences.isEmpty else {
      throw TrainingError.otherConfiguration(path: folder.folder.path, keys: differences)
    }
    return recipe
  }

  func store(_ recipe: some Encodable, in folder: RunFolder) throws {
    if !options.resume, folder.newestStep() != nil { throw TrainingError.runExists(path: folder.folder.path) }
    try folder.create()
    try AtomicFile.write(Array(ConfigurationResolver.yaml(recipe).utf8), to: folder.configuration.path)
  }
}

/// Trains the parts of a model.
public enum Trainer {
  /// Trains an autoencoder on a dataset's radiographs.
  ///
  /// - Parameters:
  ///   - shouldStop: asked before every step; true ends the run with a checkpoint.
  ///   - report: called with the losses now and then.
  /// - Throws: ``TrainingError``, ``TrainingError/runInUse(path:process:host:since:)`` among them, `DatasetError`,
  ///   `FileAccessError`, `TorchError`.
  public static func trainAutoencoder(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingProgress) -> Void
  ) throws -> LoopOutcome {
    try withoutActuallyEscaping(shouldStop) { shouldStop in
      try withoutActuallyEscaping(report) { report in
        let folder = RunFolder(request.run, stage: "vae")
        let known = try RunLock.again(request.run)
        let recipe: AutoencoderRecipe = try request.resolve(in: folder)
        try recipe.validate()
        let dataset = try request.openDataset()
        var stage = try AutoencoderStage(
          recipe, architecture: architecture(recipe.preset).autoencoder, dataset: dataset,
          device: request.device)
        // A folder that was none of ours gains nothing before settings and data are known to be good.
        let lock = try known ?? RunLock(request.run)
        defer { withExtendedLifetime(lock) {} }
        try request.store(recipe, in: folder)
        try request.record(dataset.settings.preprocessing)
        let loop = TrainingLoop(folder: folder, options: request.options, shouldStop: shouldStop, report: report)
        return try loop.run(&stage)
      }
    }
  }

  /// Trains a diffusion model on the latents of the run's autoencoder.
  ///
  /// - Parameter note: called with what is being prepared before the first step.
  /// - Throws: as ``trainAutoencoder(_:shouldStop:report:)``; `TextEncoderError` if the encoder is not there or does not
  ///   fit.
  public static func trainDiffusion(
    _ request: TrainingRequest, shouldStop: () -> Bool, report: (TrainingProgress) -> Void,
    note: @escaping (String) -> Void = { _ in }
  ) throws -> LoopOutcome {
    try withoutActuallyEscaping(shouldStop) { shouldStop in
      try withoutActuallyEscaping(report) { report in
        let folder = RunFolder(request.run, stage: "diffusion")
        let known = try RunLock.again(request.run)
        let recipe: DiffusionRecipe = try request.resolve(in: folder)
        try recipe.validate()
        let dataset = try request.openDataset()
        let preparation = DiffusionPreparation(
          recipe: recipe, architecture: try architecture(recipe.preset),
          dataset: dataset, folder: folder,
          autoencoderWeights: RunFolder(request.run, stage: "vae").best, device: request.device, note: note)
        // A folder that was none of ours gains nothing before settings and data are known to be good.
        let lock = try known ?? RunLock(request.run)
        defer { withExtendedLifetime(lock) {} }
        try request.store(recipe, in: folder)
        try request.record(dataset.settings.preprocessing)
        var stage = try preparation.stage()
        let loop = TrainingLoop(folder: folder, options: request.options, shouldStop: shouldStop, report: report)
        return try loop.run(&stage)
      }
    }
  }

  static func architecture(_ preset: String) throws -> ModelArchitecture {
    guard let known = ModelPreset(rawValue: preset) else {
      let names = ModelPreset.allCases.map(\.rawValue).joined(separator: ", ")
      throw TrainingError.invalidSetting(key: "preset", value: preset, remedy: "choose one of \(names)")
    }
    return known.architecture
  }
}
