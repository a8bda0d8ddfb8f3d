import Diffusion
import Foundation
import RadiographModels
import Support
import SystemPackage
import TensorFiles
import TorchNN
import Torch

/// Where a model comes from: a model folder, or a checkpoint (`.pt`) of the article author's code.
public struct ModelSource: Sendable {
  private enum Kind: Sendable {
    case folder(ModelFolder)
    case checkpoint
  }

  public let path: String
  public private(set) var description: ModelDescription
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
    if FilePath(path).isFolder {
      self = ModelSource(try ModelFolder(path: path))
      return
    }
    guard FilePath(path).exists else { throw ModelError.missing(path: path) }
    self.path = path
    description = try ModelDescription(checkpoint: ReleasedCheckpoint(path: path), path: path)
    kind = .checkpoint
  }

  /// The same model, which is sampled by the settings of a quality of itself.
  public func sampled(at quality: SamplingQuality) -> ModelSource {
    var source = self
    source.description.sampling = description.sampling(at: quality)
    return source
  }

  /// The tensors of every part by path, as they lie in the files.
  private func storedTensors() throws -> [ModelPart: [String: MappedTensor]] {
    switch kind {
    case .folder(let folder):
      return try Dictionary(
        uniqueKeysWithValues: ModelPart.all.map { ($0, try folder.file(of: $0).tensorsByName) })
    case .checkpoint:
      let checkpoint = try ReleasedCheckpoint(path: path)
      return [
        .autoencoder: checkpoint.autoencoder, .unet: checkpoint.unet, .textProjection: checkpoint.textProjection,
      ]
    }
  }

  /// The tensors of every part by path, mapped and not copied.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`, `ReleasedCheckpointError` for a file that cannot be read;
  ///   `TorchError`.
  public func weights() throws -> ModelWeights { try storedTensors().mapValues { try $0.tensors() } }

  /// Compares the tensors in the files with the architecture: names, shapes, elements that can be computed with, finite
  /// values. Reads every weight once and does not start LibTorch.
  ///
  /// - Throws: `TensorFileError` for a file that is damaged; ``ModelError/unfitWeights(model:problems:)`` with every
  ///   offending name of every part.
  public func checkWeights() throws {
    let stored = try storedTensors()
    var problems: [String] = []
    for part in ModelPart.all {
      do {
        try ParameterLoadingError.requireFit(
          stored: stored[part] ?? [:], for: part.shapes(of: description.architecture).parameters)
      } catch let error as ParameterLoadingError {
        problems.append("\(part.fileName): \(error)")
      }
    }
    guard problems.isEmpty else { throw ModelError.unfitWeights(model: path, problems: problems) }
  }

  /// SHA-256: what images name as their model.
  ///
  /// - Throws: `FileAccessError` if a file cannot be read.
  public func hash() throws -> String {
    switch kind {
    case .folder(let folder): try folder.hash()
    case .checkpoint: try ContentHash.ofFile(path)
    }
  }

  /// Bytes on disk.
  public func byteCount() -> Int {
    switch kind {
    case .folder(let folder): folder.byteCount()
    case .checkpoint: FilePath(path).byteCount ?? 0
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
    default: throw implausible("the noise schedule '\(configuration.betaSchedule.onOneLine(limit: 120))'")
    }
    let prediction: PredictionType
    switch configuration.predictionType {
    case "epsilon": prediction = .epsilon
    case "v_prediction": prediction = .velocity
    case "sample": prediction = .sample
    default: throw implausible("the prediction '\(configuration.predictionType.onOneLine(limit: 120))'")
    }
    self.init(
      name: FilePath(path).stem ?? "checkpoint", preset: ModelPreset.released.rawValue,
      architecture: checkpoint.architecture,
      scheduler: SchedulerConfiguration(
        schedule: NoiseSchedule(curve, trainTimesteps: configuration.trainTimesteps), prediction: prediction),
      latent: LatentStatistics(
        channels: checkpoint.architecture.latentChannels, factor: ReleasedCheckpoint.latentScale),
      textEncoder: TextEncoderReference(name: configuration.textModel),
      sampling: SamplingSettings(
        steps: min(50, configuration.trainTimesteps), guidance: configuration.guidanceScale, sampler: .ddim),
      licence: "not stated")
    try check(path: path)
  }
}
