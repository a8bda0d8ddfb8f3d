import Foundation
import Models
import Torch

/// The autoencoder that another one begins with.
enum StartingAutoencoder {
  /// Its weights by path.
  ///
  /// - Parameter path: The folder of a run with a trained autoencoder, or of a model.
  /// - Throws: `ModelError` for a folder that is neither; ``TrainingError/damagedWeights(path:)``, `FileAccessError`,
  ///   `TensorFileError`.
  static func weights(of path: String) throws -> [String: Tensor] {
    let run = RunFolder(URL(fileURLWithPath: path), stage: .autoencoder)
    if FileManager.default.fileExists(atPath: run.best.path) { return try BestWeights(contentsOf: run.best).tensors }
    return try ModelSource(ModelFolder(path: path)).weights()[.autoencoder] ?? [:]
  }

  /// Whether a parameter is the encoder's.
  static func isEncoder(_ path: String) -> Bool { path.hasPrefix("encoder.") }
}
