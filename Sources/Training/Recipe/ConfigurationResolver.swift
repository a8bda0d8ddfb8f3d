import Foundation
import Models
import Support
import TensorFiles
import YAMLText
import Yams

/// What is asked for beside a recipe.
struct SettingsOverlay {
  /// By keys, groups as trees of their own.
  var tree: [String: Any]
  /// Whether the file was a recipe, which is whole by itself.
  var isRecipe: Bool
}

/// Settings of a stage: a recipe's defaults, over which a YAML file and `key=value` pairs are laid.
///
/// Keys are checked against the recipe: one that it does not have is an error, never ignored. A branch with a `type`
/// (a schedule, a distribution) that is another than the recipe's replaces the recipe's whole; others are merged.
enum ConfigurationResolver {
  /// - Parameters:
  ///   - defaults: the recipe that everything is laid over.
  ///   - file: a YAML file of some of the recipe's keys.
  ///   - settings: pairs such as `batchSize=16` or `scheduler.stepsOffset=1`, applied last.
  static func resolve<Recipe: Codable>(_ defaults: Recipe, file: URL?, settings: [String]) throws -> Recipe {
    try resolve(defaults, overlay: overlay(file: file, settings: settings).tree)
  }

  static func resolve<Recipe: Codable>(_ defaults: Recipe, overlay: [String: Any]) throws -> Recipe {
    var tree = try plainTree(of: defaults)
    lay(overlay, over: &tree)
    let recipe: Recipe = try decode(tree)
    try requireKnown(overlay, in: plainTree(of: recipe), prefix: "")
    return recipe
  }

  /// The recipe that a run has stored. Settings that were added to the program after the run was begun have their
  /// plainest values.
  static func stored<Settings: StageSettings>(_ file: URL) throws -> StageRecipe<Settings> {
    var tree = try plainTree(of: StageRecipe<Settings>())
    lay(try read(file), over: &tree)
    return try decode(tree)
  }

  /// What is asked for beside the defaults.
  ///
  /// - Parameter stage: Whose section is taken if the file is a recipe of several stages, as `thorax train recipes` prints
  ///   it; nil takes files of settings alone.
  static func overlay(for stage: TrainingStageName? = nil, file: URL?, settings: [String]) throws -> SettingsOverlay {
    var overlay = try file.map(read) ?? [:]
    let isRecipe = stage != nil && RecipeCatalog.isRecipe(overlay)
    if let stage, isRecipe { overlay = try RecipeCatalog.section(stage, of: overlay) }
    let pairs = try settings.reduce(into: [String: Any]()) { try merge(pair($1), into: &$0) }
    lay(pairs, over: &overlay)
    if let name = overlay["architecture"] as? String {
      let folder = file?.deletingLastPathComponent() ?? URL(fileURLWithPath: ".")
      overlay["architecture"] = try read(URL(fileURLWithPath: name, relativeTo: folder))
    }
    try requireFinite(overlay, key: "")
    return SettingsOverlay(tree: overlay, isRecipe: isRecipe)
  }

  /// A recipe's settings by dotted keys.
  static func listing(of recipe: some Encodable) throws -> [String: String] { try flat(plainTree(of: recipe)) }

  /// What a run has stored, by dotted keys in order.
  static func listing(_ file: URL) throws -> [(key: String, value: String)] {
    try flat(read(file)).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func read(_ file: URL) throws -> [String: Any] {
    try tree(ofYAML: BoundedFile.contents(of: file.path), path: file.path)
  }

  /// - Parameter path: What an error calls the text.
  static func tree(ofYAML data: Data, path: String) throws -> [String: Any] {
    let loaded: Any?
    do {
      loaded = try YAMLDocument.compose(String(decoding: data, as: UTF8.self))?.any
    } catch let error as YAMLDocument.TooManyValues {
      throw TrainingError.unreadableConfiguration(path: path, reason: "\(error)")
    } catch let error as YamlError {
      let (problem, line) = error.inOneLine
      throw TrainingError.unreadableConfiguration(path: path + (line.map { ":\($0)" } ?? ""), reason: problem)
    }
    guard let tree = loaded as? [String: Any] else {
      throw TrainingError.unreadableConfiguration(path: path, reason: "no mapping of keys to values")
    }
    return tree
  }

  private static func decode<Recipe: Decodable>(_ tree: [String: Any]) throws -> Recipe {
    try requireFinite(tree, key: "")
    return try SettingsDecoder.decode(Recipe.self, from: tree)
  }

  /// The recipe as YAML, keys in order.
  static func yaml(_ recipe: some Encodable) throws -> String {
    let encoder = YAMLEncoder()
    encoder.options.sortKeys = true
    return try encoder.encode(recipe)
  }

  /// The keys whose values differ between two recipes.
  static func differences<Recipe: Encodable>(_ one: Recipe, _ other: Recipe) throws -> [String] {
    let (a, b) = (try flat(plainTree(of: one)), try flat(plainTree(of: other)))
    return Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
  }

  private static func plainTree(of recipe: some Encodable) throws -> [String: Any] {
    // JSON gives every number in full, and YAML reads JSON.
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let json = String(decoding: try encoder.encode(recipe), as: UTF8.self)
    return try Yams.load(yaml: json) as? [String: Any] ?? [:]
  }

  private static func flat(_ tree: [String: Any], prefix: String = "") throws -> [String: String] {
    try tree.reduce(into: [:]) { result, item in
      if let branch = item.value as? [String: Any] {
        result.merge(try flat(branch, prefix: prefix + item.key + ".")) { first, _ in first }
      } else {
        result[prefix + item.key] = text(of: item.value)
      }
    }
  }

  /// A value on one line, with sorted keys inside lists too: equal values may have their keys in different orders.
  private static func text(of value: Any) -> String {
    switch value {
    case let list as [Any]: "[" + list.map(text).joined(separator: ", ") + "]"
    case let branch as [String: Any]:
      "{" + branch.sorted { $0.key < $1.key }.map { "\($0.key): \(text(of: $0.value))" }.joined(separator: ", ") + "}"
    default: "\(value)"
    }
  }

  private static func lay(_ overlay: [String: Any], over tree: inout [String: Any]) {
    for (key, value) in overlay {
      guard let inner = value as? [String: Any], var branch = tree[key] as? [String: Any], !inner.isEmpty,
        "\(inner["type"] ?? "")" == "\(branch["type"] ?? "")" || inner["type"] == nil || branch["type"] == nil
      else {
        tree[key] = value
        continue
      }
      lay(inner, over: &branch)
      tree[key] = branch
    }
  }

  /// Pairs among themselves have no order: `type` and what belongs to it may come as they like.
  private static func merge(_ overlay: [String: Any], into tree: inout [String: Any]) {
    for (key, value) in overlay {
      if let inner = value as? [String: Any], var branch = tree[key] as? [String: Any] {
        merge(inner, into: &branch)
        tree[key] = branch
      } else {
        tree[key] = value
      }
    }
  }

  private static func pair(_ setting: String) throws -> [String: Any] {
    let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, path.allSatisfy({ !$0.isEmpty }) else {
      throw TrainingError.invalidSetting(key: "--set", value: setting, remedy: "write key=value")
    }
    let value: Any
    do {
      value = try YAMLDocument.compose(parts[1])?.any ?? parts[1]
    } catch {
      throw TrainingError.invalidSetting(key: parts[0], value: parts[1], remedy: "write a number, a word or a list")
    }
    return path.dropLast().reversed().reduce([String(path[path.count - 1]): value]) { [String($1): $0] }
  }

  /// A key that the recipe does not have is missing when the recipe is written out again.
  private static func requireKnown(_ overlay: [String: Any], in tree: [String: Any], prefix: String) throws {
    for (key, value) in overlay.sorted(by: { $0.key < $1.key }) where !(value is NSNull) {
      guard let present = tree[key] else {
        throw TrainingError.unknownSetting(key: prefix + key, known: tree.keys.sorted())
      }
      // What was a group and is a number or a word now was read in its former form.
      if let inner = value as? [String: Any], let branch = present as? [String: Any] {
        try requireKnown(inner, in: branch, prefix: prefix + key + ".")
      }
    }
  }

  /// YAML has NaN and infinity, JSON has not, and no setting means either.
  private static func requireFinite(_ value: Any, key: String) throws {
    switch value {
    case let branch as [String: Any]:
      for (name, value) in branch.sorted(by: { $0.key < $1.key }) {
        try requireFinite(value, key: key.isEmpty ? name : key + "." + name)
      }
    case let list as [Any]: for value in list { try requireFinite(value, key: key) }
    case let number as Double where !number.isFinite:
      throw TrainingError.invalidSetting(key: key, value: "\(number)", remedy: "give a finite number")
    default: break
    }
  }
}
