import Foundation
import RadiographModels
import Support
import TensorFiles
import Torch
import TorchNN

/// A trained classifier on disk, with what it was made from: it is read again if nothing of that has changed.
public struct ClassifierFile: Sendable {
  let path: String

  public init(path: String) { self.path = path }

  private static let key = "thorax:made-from"

  /// The classifier in the file, or nil if there is none that was made from these examples by this recipe.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`, `ParameterLoadingError`.
  public func load(for examples: ClassifierData, recipe: ClassifierRecipe) throws -> RadiographClassifier? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard file.metadata[Self.key] == (try Self.origin(examples, recipe)) else { return nil }
    let store = ParameterStore(tensors: try file.loadTensors())
    let classifier = try RadiographClassifier(store.root)
    try store.verify()
    return classifier
  }

  /// Writes a trained classifier's weights.
  ///
  /// - Throws: `FileAccessError`, `TorchError`.
  public func write(_ store: ParameterStore, for examples: ClassifierData, recipe: ClassifierRecipe) throws {
    try SafetensorsWriter.write(
      store.tensors(), metadata: [Self.key: Self.origin(examples, recipe)], to: path)
  }

  /// The recipe, and the hash of all pixels and kinds.
  private static func origin(_ examples: ClassifierData, _ recipe: ClassifierRecipe) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let pixels = examples.pixels.withUnsafeBytes { Array($0) }
    let kinds = examples.kinds.map { UInt8(($0.isChild ? 2 : 0) + ($0.hasPneumonia ? 1 : 0)) }
    return String(decoding: try encoder.encode(recipe), as: UTF8.self) + " " + ContentHash.of(pixels + kinds)
  }
}

extension ClassifierFile {
  /// The classifier in the file if it was made from these examples by this recipe; otherwise a newly trained one, which is
  /// written to the file.
  ///
  /// - Parameter progress: called after every step of training with its number, from 1, and its loss.
  /// - Throws: `FileAccessError`, `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public func classifier(
    for examples: ClassifierData, recipe: ClassifierRecipe = ClassifierRecipe(),
    progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> RadiographClassifier {
    if let stored = try load(for: examples, recipe: recipe) { return stored }
    let made = try RadiographClassifier.trained(on: examples, recipe: recipe, progress: progress)
    try write(made.store, for: examples, recipe: recipe)
    return made.classifier
  }
}
