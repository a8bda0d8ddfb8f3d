import Foundation

/// The settings of a stage, with the two sets of values that come with the program.
protocol TrainingRecipe: Codable {
  /// The architecture's name.
  var preset: String { get }
  static var small: Self { get }
  static var paper: Self { get }
}

extension AutoencoderRecipe: TrainingRecipe {}
extension DiffusionRecipe: TrainingRecipe {}

extension TrainingRecipe {
  /// What `file` and `settings` say, laid over the recipe of the preset that they name: the shipped model's for its own
  /// networks, the article's for `paper` and `released`.
  static func resolved(file: URL?, settings: [String]) throws -> Self {
    let overlay = try ConfigurationResolver.overlay(file: file, settings: settings)
    let preset = overlay["preset"] as? String ?? small.preset
    return try ConfigurationResolver.resolve(preset == small.preset ? small : paper, overlay: overlay)
  }
}
