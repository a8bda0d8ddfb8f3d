import Diffusion
import Foundation
import RadiographModels
import TensorFiles
import Torch
import TorchNN

/// Where a model comes from: a model folder, or a checkpoint (`.pt`) of the article author's code.
public struct ModelSource: Sendable {
  private enum Kind: Sendable {
    case folder(ModelFolder)
    case checkpoint
  }

  public let path: String
  public let description: ModelDescription
  private let kind: Kind

  public init(_ folder: ModelFolder) {
    path = folder.path
    description = folder.description
    kind = .folder(folder)
  }

  /// Reads what is said of the model at `path`; weights come later.
  ///
  /// - Throws: ``ModelError``; `TensorFileError`, `ReleasedCheckpointError` for a file that is no checkpoint.
  public init(path: String) throws {
    if PathName.isFolder(path) {
      self = ModelSource(try ModelFolder(path: path))
      return
    }
    guard FileManager.default.fileExists(atPath: path) else { throw ModelError.missing(path: path) }
    self.path = path
    description = try ModelDescription(checkpoint: ReleasedCheckpoint(path: path), path: path)
    kind = .checkpoint
  }

  /// The tensors of every part by path.
  func weights() throws -> [ModelFolder.Part: [String: Tensor]] {
    switch kind {
    case .folder(let folder):
      return try Dictionary(uniqueKeysWithValues: ModelFolder.Part.allCases.map { ($0, try folder.tensors(of: $0)) })
    case .checkpoint:
      let checkpoint = try ReleasedCheckpoint(path: path)
      return [
        .autoencoder: try checkpoint.autoencoder.tensors(), .unet: try checkpoint.unet.tensors(),
        .textProjection: try checkpoint.textProjection.tensors(),
      ]
    }
  }

  /// Holds the tensors in the files to the architecture: names, shapes, elements that can be computed with, finite
  /// values. Reads every weight once and does not start LibTorch.
  ///
  /// - Throws: `TensorFileError` for a file that is damaged; ``ModelError/unfitWeights(model:problems:)`` with every
  ///   offending name of every part.
  public func checkWeights() throws {
    let stored: (ModelFolder.Part) throws -> [String: MappedTensor]
    switch kind {
    case .folder(let folder): stored = folder.storedTensors
    case .checkpoint:
      let checkpoint = try ReleasedCheckpoint(path: path)
      stored = { part in
        switch part {
        case .autoencoder: checkpoint.autoencoder
        case .unet: checkpoint.unet
        case .textProjection: checkpoint.textProjection
        }
      }
    }
    let architecture = description.architecture
    var problems: [String] = []
    for part in ModelFolder.Part.allCases {
      let store = ParameterStore.shapesOnly()
      switch part {
      case .autoencoder: _ = try Autoencoder(store.root, architecture.autoencoder)
      case .unet: _ = try UNet(store.root, architecture.unet)
      case .textProjection: _ = try TextProjection(store.root, architecture.textProjection)
      }
      do {
        try ParameterLoadingError.requireFit(stored: stored(part), for: store.parameters)
      } catch let error as ParameterLoadingError {
        problems.append("\(part.rawValue): \(error)")
      }
    }
    guard problems.isEmpty else { throw ModelError.unfitWeights(model: path, problems: problems) }
  }

  /// SHA-256: what images name as their model.
  public func hash() throws -> String {
    switch kind {
    case .folder(let folder): try folder.hash()
    case .checkpoint: try ModelHash.file(path)
    }
  }

  /// Bytes on disk.
  public func byteCount() -> Int {
    switch kind {
    case .folder(let folder): return folder.byteCount()
    case .checkpoint:
      var status = stat()
      return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
  }
}

extension ModelDescription {
  /// What a checkpoint of the author's code says of itself, and what its training took for granted.
  init(checkpoint: ReleasedCheckpoint, path: String) throws {
    let configuration = checkpoint.configuration
    func implausible(_ reason: String) -> ModelError { .implausible(path: path, reason: reason) }
    let curve: NoiseSchedule.Curve
    switch configuration.betaSchedule {
    case "linear": curve = .linear()
    case "scaled_linear": curve = .scaledLinear()
    case "cosine", "squaredcos_cap_v2": curve = .cosine()
    default: throw implausible("the noise schedule '\(RequestError.shortened(configuration.betaSchedule))'")
    }
    let prediction: PredictionType
    switch configuration.predictionType {
    case "epsilon": prediction = .epsilon
    case "v_prediction": prediction = .velocity
    case "sample": prediction = .sample
    default: throw implausible("the prediction '\(RequestError.shortened(configuration.predictionType))'")
    }
    self.init(
      name: String(PathName.file(of: PathName.removingExtension(path))), preset: ModelPreset.released.rawValue,
      architecture: checkpoint.architecture,
      scheduler: SchedulerConfiguration(
        schedule: NoiseSchedule(curve, trainTimesteps: configuration.trainTimesteps), prediction: prediction),
      latent: LatentStatistics(
        channels: checkpoint.architecture.latentChannels, factor: ReleasedCheckpoint.latentScale),
      textEncoder: TextEncoderReference(name: configuration.textModel),
      sampling: SamplingDefaults(
        steps: min(50, configuration.trainTimesteps), guidance: configuration.guidanceScale, sampler: .ddim),
      licence: "not stated")
    try check(path: path)
  }
}
