import Foundation
import Models
import Torch
import TorchNN

/// The weights of a trained model that a training begins with.
enum StartingWeights {
  /// Those of an autoencoder, by path.
  ///
  /// - Parameter path: The folder of a run with a trained autoencoder, or of a model.
  /// - Throws: `ModelError` for a folder that is neither; ``TrainingError/damagedWeights(path:)``, `FileAccessError`,
  ///   `TensorFileError`.
  static func autoencoder(of path: String) throws -> [String: Tensor] { try weights(of: path, [.autoencoder]) }

  /// Those of a U-Net and its text projection.
  ///
  /// - Parameter path: The folder of a run with a trained diffusion model, or of a model.
  /// - Throws: As ``autoencoder(of:)``.
  static func denoiser(of path: String) throws -> [String: Tensor] { try weights(of: path, [.unet, .textProjection]) }

  /// - Parameter parts: Parts that one stage trains.
  private static func weights(of path: String, _ parts: [ModelPart]) throws -> [String: Tensor] {
    let run = RunFolder(URL(fileURLWithPath: path), stage: parts[0].training.stage)
    if FileManager.default.fileExists(atPath: run.best.path) { return try BestWeights(contentsOf: run.best).tensors }
    return try ModelSource(ModelFolder(path: path)).weights().asTrained(parts)
  }

  /// Parameters of a stage: trained ones, or fresh ones if `tensors` is nil.
  ///
  /// - Throws: `TorchError`.
  static func store(_ tensors: [String: Tensor]?, seed: UInt64, device: Device) throws -> ParameterStore {
    if let tensors {
      return ParameterStore(tensors: tensors, device: device, memoryFormat: .channelsLast, trainable: true)
    }
    return ParameterStore(
      generator: try TrainingRandomness(seed: seed).generator(.initialisation), device: device,
      memoryFormat: .channelsLast)
  }

  /// Whether a parameter of an autoencoder is the encoder's.
  static func isEncoder(_ path: String) -> Bool { path.hasPrefix("encoder.") }
}

extension ModelWeights {
  /// The weights of some parts under the names that a stage of training has for them.
  func asTrained(_ parts: [ModelPart]) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for part in parts {
      for (path, tensor) in self[part] ?? [:] { tensors[part.training.prefix + path] = tensor }
    }
    return tensors
  }
}
