import Foundation
import Models
import RadiographModels
import Support
import Torch
import TorchNN

/// A trained model from which another learns.
struct Teacher {
  /// The folder that was given.
  let path: String
  let description: ModelDescription
  let weights: ModelWeights
  /// The file of its autoencoder's weights.
  let autoencoder: URL
  /// The text encoder by its name or its folder.
  let textEncoder: String
  /// Changes when the model does.
  let hash: String

  /// Reads a model from its folder, or from the run in which it was trained.
  ///
  /// - Parameter architecture: another than the preset's, which only tests have.
  /// - Throws: ``TrainingError/missingStage(path:stage:)``, `ModelError`, `FileAccessError`, `TensorFileError`.
  init(_ path: String, architecture: ModelArchitecture? = nil) throws {
    self.path = path
    let url = URL(fileURLWithPath: path)
    let run = RunFolder(url, stage: .diffusion)
    if FileManager.default.fileExists(atPath: run.best.path) {
      let export = try RunExport(
        run: url, name: url.lastPathComponent, licence: "not stated", architecture: architecture, undistilled: true)
      (description, weights) = (export.description, export.weights)
      autoencoder = RunFolder(url, stage: .autoencoder).best
      textEncoder = (try ConfigurationResolver.stored(run.configuration) as DiffusionRecipe).textEncoder
      hash = ContentHash.of(parts: [try ContentHash.ofFile(autoencoder.path), try ContentHash.ofFile(run.best.path)])
      return
    }
    let folder = try ModelFolder(path: path)
    (description, weights) = (folder.description, try ModelSource(folder).weights())
    autoencoder = url.appendingPathComponent(ModelPart.autoencoder.fileName)
    textEncoder = description.textEncoder.name
    hash = try folder.hash()
  }

  /// U-Net and text projection with the teacher's weights, and the store that holds them.
  ///
  /// - Throws: `ParameterLoadingError` for weights that do not fit, `TorchError`.
  func networks(trainable: Bool, device: Device) throws -> (store: ParameterStore, unet: UNet, text: TextProjection) {
    let store = ParameterStore(
      tensors: weights.asTrained([.unet, .textProjection]), device: device, memoryFormat: .channelsLast,
      trainable: trainable)
    let unet = try UNet(store.root["unet"], description.architecture.unet)
    let text = try TextProjection(store.root["text"], description.architecture.textProjection)
    try store.verify()
    return (store, unet, text)
  }
}
