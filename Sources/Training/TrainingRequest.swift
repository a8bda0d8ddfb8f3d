import Foundation
import RadiographData
import Torch

/// What `thorax train` is asked for: which data, where the run lives, which settings.
public struct TrainingRequest: Sendable {
  public var dataset: URL
  public var run: URL
  /// A recipe that comes with the program; nil for that of the architecture.
  public var recipe: String?
  /// A YAML file of settings that differ from the recipe's.
  public var configuration: URL?
  /// `key=value` pairs, applied last.
  public var settings: [String]
  public var device: Device
  public var options: LoopOptions
  /// Which images of the dataset are trained and validated on; nil for all that the stage can use.
  public var isIncluded: (@Sendable (RadiographRecord) -> Bool)?
  /// This process's place among those that train together; nil if it trains alone.
  public var processes: ProcessPlace?
  /// Raised for a checkpoint before the next step, after which the run goes on.
  public var checkpointFlag = CheckpointFlag()

  public init(
    dataset: URL, run: URL, recipe: String? = nil, configuration: URL? = nil, settings: [String] = [],
    device: Device = .cpu,
    options: LoopOptions = LoopOptions()
  ) {
    self.device = device
    self.dataset = dataset
    self.run = run
    self.recipe = recipe
    self.configuration = configuration
    self.settings = settings
    self.options = options
  }

  /// The recipe as resolved; on resuming the one that the run was begun with, which nothing that is asked for may
  /// contradict.
  ///
  /// - Throws: `TrainingError`, `FileAccessError`.
  func resolve<Settings: StageSettings>(in folder: RunFolder) throws -> ResolvedRecipe<Settings> {
    try namingLines(of: Settings.stage) { try resolved(in: folder) }
  }

  private func resolved<Settings: StageSettings>(in folder: RunFolder) throws -> ResolvedRecipe<Settings> {
    guard options.resume else {
      return ResolvedRecipe(try StageRecipe.resolved(recipe, file: configuration, settings: settings))
    }
    guard folder.newestStep() != nil || folder.isPrepared else {
      throw TrainingError.nothingToResume(path: folder.folder.path)
    }
    let begun: StageRecipe<Settings> = try ConfigurationResolver.stored(folder.configuration)
    let overlay = try ConfigurationResolver.overlay(for: Settings.stage, file: configuration, settings: settings)
    // With a recipe's name the same command as before goes on; without one the run's own recipe is meant.
    let asked =
      try recipe == nil
      ? ConfigurationResolver.resolve(begun, overlay: overlay.tree)
      : StageRecipe.resolved(recipe, overlay: overlay)
    let resolved = ResolvedRecipe(asked)
    // How often something is written changes nothing of what is trained.
    let differences = try ConfigurationResolver.differences(begun, resolved.recipe).filter {
      !$0.hasPrefix("cadence.")
    }
    guard differences.isEmpty else {
      throw TrainingError.otherConfiguration(path: folder.folder.path, keys: differences)
    }
    return ResolvedRecipe(resolved.recipe)
  }
}

/// A recipe, and what was changed in it so that it can be followed.
struct ResolvedRecipe<Settings: StageSettings> {
  let recipe: StageRecipe<Settings>
  let notes: [String]

  /// Shortens a warm-up that is longer than the run.
  init(_ asked: StageRecipe<Settings>) {
    guard asked.steps > 0, asked.warmupSteps > asked.steps else {
      (recipe, notes) = (asked, [])
      return
    }
    var shortened = asked
    shortened.warmupSteps = asked.steps
    notes = ["warmupSteps is \(asked.steps), not \(asked.warmupSteps): the run has no more steps"]
    recipe = shortened
  }
}
