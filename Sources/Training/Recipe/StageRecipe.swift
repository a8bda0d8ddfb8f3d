import Foundation
import Models
import RadiographData
import RadiographModels
import Torch

/// The settings of a stage that no other stage has.
public protocol StageSettings: Codable, Sendable, Equatable {
  static var stage: TrainingStageName { get }
  /// How many images a validation looks at, at most.
  static var validationLimit: Int { get }

  /// The plainest values, which a run has for settings that were added after it was begun.
  init()

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validate() throws

  /// Checks the settings and the images of a dataset against what the networks can take.
  ///
  /// - Parameters:
  ///   - imageSide: The side of the dataset's square images, in pixels.
  ///   - path: What an error calls the dataset.
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``, ``TrainingError/unfitImages(path:side:multiple:)``.
  func requireFit(_ architecture: ModelArchitecture, imageSide: Int, path: String) throws

  /// Refuses settings that name what a dataset does not have.
  ///
  /// - Throws: ``TrainingError/unknownName(key:name:path:known:)``, `DatasetError`.
  func requireNames(in dataset: RadiographDataset) throws

  /// How few images a step and its parts may have.
  var fewestImages: FewestImages { get }
}

extension StageSettings {
  /// For stages whose networks take images of any side: nothing to check.
  public func requireFit(_ architecture: ModelArchitecture, imageSide: Int, path: String) throws {}

  /// For stages that name nothing of a dataset: nothing to check.
  public func requireNames(in dataset: RadiographDataset) throws {}

  /// For stages that can compute a single image: no minimum.
  public var fewestImages: FewestImages { FewestImages() }
}

/// How few images a stage can be trained with.
public struct FewestImages: Sendable, Equatable {
  /// The fewest that can be computed at once.
  public var atOnce = 1
  /// The fewest that can make a step.
  public var inStep = 1
  /// Why it is more than one, for an error.
  public var reason = ""

  public init(atOnce: Int = 1, inStep: Int = 1, reason: String = "") {
    (self.atOnce, self.inStep, self.reason) = (atOnce, inStep, reason)
  }
}

/// All settings of a stage. In a file all keys stand side by side.
@dynamicMemberLookup
public struct StageRecipe<Settings: StageSettings>: Codable, Sendable, Equatable {
  public var common = CommonSettings()
  public var own = Settings()

  public init() {}

  public init(from decoder: any Decoder) throws {
    common = try CommonSettings(from: decoder)
    own = try Settings(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try common.encode(to: encoder)
    try own.encode(to: encoder)
  }

  public subscript<Value>(dynamicMember path: WritableKeyPath<CommonSettings, Value>) -> Value {
    get { common[keyPath: path] }
    set { common[keyPath: path] = newValue }
  }

  public subscript<Value>(dynamicMember path: WritableKeyPath<Settings, Value>) -> Value {
    get { own[keyPath: path] }
    set { own[keyPath: path] = newValue }
  }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validate() throws {
    try common.validate()
    try own.validate()
    try requireEnoughImages(processes: 1)
  }

  /// Checks that neither a step nor a slice of it has too few images.
  ///
  /// - Parameter processes: How many processes divide each step.
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for `batchSize`.
  func requireEnoughImages(processes: Int) throws {
    let (total, fewest) = (common.imagesPerStep, own.fewestImages)
    let slices = (0..<processes).flatMap { rank in
      BatchSlice.slices(
        ofStep: 0, batchSize: total, limit: common.batchSize, share: RankShare(rank: rank, count: processes))
    }
    guard total >= fewest.inStep, slices.allSatisfy({ $0.rows.count >= fewest.atOnce }) else {
      let least = max(fewest.atOnce, fewest.inStep)
      throw TrainingError.invalidSetting(
        key: "batchSize", value: "\(common.batchSize)",
        remedy: "give \(least * processes) or more" + (processes > 1 ? " to \(processes) processes" : "") + ": "
          + fewest.reason)
    }
  }
}

extension StageRecipe {
  /// What `file` and `settings` say, laid over a recipe that comes with the program.
  ///
  /// - Parameter name: The recipe; if nil, that of the architecture which the settings name, or of the model that ships.
  /// - Throws: ``TrainingError``, `FileAccessError`.
  static func resolved(_ name: String? = nil, file: URL?, settings: [String]) throws -> Self {
    try resolved(
      name, overlay: ConfigurationResolver.overlay(for: Settings.stage, file: file, settings: settings))
  }

  /// As ``resolved(_:file:settings:)``, of what was read already.
  static func resolved(_ name: String?, overlay: SettingsOverlay) throws -> Self {
    let preset = overlay.tree["preset"] as? String
    let base: Self =
      if let name {
        try RecipeCatalog.recipe(name)
      } else if overlay.isRecipe {
        Self()
      } else if let preset, RecipeCatalog.names.contains(preset) {
        try RecipeCatalog.recipe(preset)
      } else {
        try RecipeCatalog.recipe(RecipeCatalog.standard)
      }
    return try ConfigurationResolver.resolve(base, overlay: overlay.tree)
  }

  /// The recipe that a run with these settings would follow, checked.
  ///
  /// - Throws: as ``resolved(_:file:settings:)``.
  static func ofNewRun(_ name: String?, file: URL?, settings: [String]) throws -> Self {
    let recipe = ResolvedRecipe(try resolved(name, file: file, settings: settings)).recipe
    try recipe.validate()
    return recipe
  }
}
