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
    let tree = try tree(name)
    var section = tree[Settings.stage.rawValue] as? [String: Any] ?? [:]
    // All stages of a recipe have one architecture.
    section["architecture"] = tree["architecture"]
    return try ConfigurationResolver.resolve(StageRecipe<Settings>(), overlay: section)
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
