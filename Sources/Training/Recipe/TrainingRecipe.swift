import Foundation
import Models
import Torch

/// The settings of a stage, with the two sets of values that come with the program.
protocol TrainingRecipe: Codable, Equatable {
  static var stage: TrainingStageName { get }
  /// How many images a validation looks at, at most.
  static var validationLimit: Int { get }
  /// The architecture's name.
  var preset: String { get }
  var steps: Int { get }
  var warmupSteps: Int { get set }
  var precision: DType { get }
  static var small: Self { get }
  static var paper: Self { get }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validate() throws
}

extension AutoencoderRecipe: TrainingRecipe {
  static let stage = TrainingStageName.autoencoder
  static let validationLimit = 64
}

extension DiffusionRecipe: TrainingRecipe {
  static let stage = TrainingStageName.diffusion
  static let validationLimit = 256
}

extension TrainingRecipe {
  /// What `file` and `settings` say, laid over the recipe of the preset that they name: the shipped model's for its own
  /// networks, the article's for `paper` and `released`.
  static func resolved(file: URL?, settings: [String]) throws -> Self {
    let overlay = try ConfigurationResolver.overlay(file: file, settings: settings)
    let preset = overlay["preset"] as? String ?? small.preset
    return try ConfigurationResolver.resolve(preset == small.preset ? small : paper, overlay: overlay)
  }

  /// Holds a run that begins to the precisions that training works in. In float16 small gradients become zero and large
  /// ones infinite unless losses are scaled, which they are not.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validatePrecision() throws {
    guard precision != .float32, precision != .bfloat16 else { return }
    throw TrainingError.invalidSetting(
      key: "precision", value: precision.rawValue,
      remedy: "train in bfloat16 (--precision bf16) or float32 (--precision fp32)")
  }
}
