import Foundation
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

  /// The recipe as resolved; on resuming the one that the run was begun with, which nothing that is asked for may
  /// contradict.
  ///
  /// - Throws: `TrainingError`, `FileAccessError`.
  func resolve<Recipe: TrainingRecipe>(in folder: RunFolder) throws -> ResolvedRecipe<Recipe> {
    guard options.resume else {
      return ResolvedRecipe(try Recipe.resolved(file: configuration, settings: settings))
    }
    guard folder.newestStep() != nil || folder.isPrepared else {
      throw TrainingError.nothingToResume(path: folder.folder.path)
    }
    let begun: Recipe = try ConfigurationResolver.stored(folder.configuration)
    let asked = try ConfigurationResolver.overlay(file: configuration, settings: settings)
    let resolved = ResolvedRecipe(try ConfigurationResolver.resolve(begun, overlay: asked))
    let differences = try ConfigurationResolver.differences(begun, resolved.recipe)
    guard differences.isEmpty else {
      throw TrainingError.otherConfiguration(path: folder.folder.path, keys: differences)
    }
    return ResolvedRecipe(resolved.recipe)
  }
}

/// A recipe, and what was changed in it so that it can be followed.
struct ResolvedRecipe<Recipe: TrainingRecipe> {
  let recipe: Recipe
  let notes: [String]

  /// Shortens a warm-up that is longer than the run.
  init(_ asked: Recipe) {
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
