import Foundation
import Models

/// The recipes that come with the program: a YAML file each, with a section for every stage.
public enum RecipeCatalog {
  /// A recipe in a word and a line.
  public struct Entry: Codable, Sendable, Equatable {
    public var name: String
    public var title: String
    /// The stages that the recipe has settings for.
    public var stages: [String]
  }

  /// The recipe of the model that ships.
  static let standard = "small"

  private static let files: [(name: String, yaml: [UInt8])] = [
    (standard, PackageResources.small_yaml), ("paper", PackageResources.paper_yaml),
    ("released", PackageResources.released_yaml), ("phantom", PackageResources.phantom_yaml),
    ("judge", PackageResources.judge_yaml), ("places", PackageResources.places_yaml),
    ("anatomy", PackageResources.anatomy_yaml), ("chexgenbench", PackageResources.chexgenbench_yaml),
  ]

  /// The names of all recipes, that of the model that ships first.
  public static var names: [String] { files.map(\.name) }

  /// All recipes.
  ///
  /// - Throws: ``TrainingError/unreadableConfiguration(path:reason:)`` if a file of the program is damaged.
  public static func entries() throws -> [Entry] {
    try names.map { name in
      let tree = try tree(name)
      return Entry(
        name: name, title: tree["title"] as? String ?? "",
        stages: TrainingStageName.allCases.map(\.rawValue).filter { tree[$0] is [String: Any] })
    }
  }

  /// A recipe's settings of one stage.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for a name that is not one of ``names``.
  static func recipe<Settings: StageSettings>(_ name: String) throws -> StageRecipe<Settings> {
    try ConfigurationResolver.resolve(StageRecipe<Settings>(), overlay: section(Settings.stage, of: tree(name)))
  }

  /// Whether a file of settings is a recipe: it has sections for stages, where others have a stage's settings.
  static func isRecipe(_ tree: [String: Any]) -> Bool {
    TrainingStageName.allCases.contains { tree[$0.rawValue] != nil }
  }

  /// A recipe's settings of one stage; of one that it has none for, the architecture alone.
  ///
  /// - Throws: ``TrainingError/unknownSetting(key:known:)`` for what is beside the sections and no recipe has.
  static func section(_ stage: TrainingStageName, of tree: [String: Any]) throws -> [String: Any] {
    let known = ["architecture", "title"] + TrainingStageName.allCases.map(\.rawValue)
    if let other = tree.keys.sorted().first(where: { !known.contains($0) }) {
      throw TrainingError.unknownSetting(key: other, known: known.sorted())
    }
    var section: [String: Any] = [:]
    switch tree[stage.rawValue] {
    case let settings as [String: Any]: section = settings
    case nil: break
    default:
      throw TrainingError.invalidSetting(
        key: stage.rawValue, value: "no group of settings", remedy: "write its settings below it, as 'key: value'")
    }
    // All stages of a recipe have one architecture.
    if section["architecture"] == nil { section["architecture"] = tree["architecture"] }
    return section
  }

  /// A recipe's file.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for a name that is not one of ``names``.
  public static func yaml(_ name: String) throws -> String {
    guard let file = files.first(where: { $0.name == name }) else {
      throw TrainingError.invalidSetting(
        key: "the recipe", value: name, remedy: "choose one of \(names.joined(separator: ", "))")
    }
    return String(decoding: file.yaml, as: UTF8.self)
  }

  private static func tree(_ name: String) throws -> [String: Any] {
    try ConfigurationResolver.tree(ofYAML: Data(yaml(name).utf8), path: "\(name).yaml")
  }
}
