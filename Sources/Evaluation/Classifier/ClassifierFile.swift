import Foundation
import Support
import TensorFiles
import Torch
import TorchNN

/// A trained classifier on disk, with what it was made from: it is read again where nothing of that has changed.
struct ClassifierFile {
  let path: String

  private static let key = "thorax:made-from"

  /// The classifier in the file, or nil where there is none that was made from these examples by this recipe.
  func load(for examples: ClassifierExamples, recipe: ClassifierRecipe) throws -> RadiographClassifier? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard file.metadata[Self.key] == (try Self.origin(examples, recipe)) else { return nil }
    let store = ParameterStore(tensors: try file.loadTensors())
    let classifier = try RadiographClassifier(store.root)
    try store.verify()
    return classifier
  }

  func write(_ store: ParameterStore, for examples: ClassifierExamples, recipe: ClassifierRecipe) throws {
    try SafetensorsWriter.write(
      store.tensors(), metadata: [Self.key: Self.origin(examples, recipe)], to: path)
  }

  /// The recipe, and the hash of all pixels and kinds.
  private static func origin(_ examples: ClassifierExamples, _ recipe: ClassifierRecipe) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let pixels = examples.images.pixels.withUnsafeBytes { Array($0) }
    let kinds = examples.kinds.map { UInt8(($0.isChild ? 2 : 0) + ($0.hasPneumonia ? 1 : 0)) }
    return String(decoding: try encoder.encode(recipe), as: UTF8.self) + " " + ContentHash.of(pixels + kinds)
  }
}
