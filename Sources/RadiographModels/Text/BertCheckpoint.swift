import Foundation
import TensorFiles
import Torch
import TorchNN

/// A Hugging Face folder with a BERT encoder in it: `config.json` and `model.safetensors` or `pytorch_model.bin`.
public struct BertCheckpoint: Sendable {
  public let folder: URL
  public let architecture: BertArchitecture
  /// The file with the weights.
  public let weights: URL

  /// - Throws: ``TextEncoderError`` for a folder that lacks a file or holds another kind of model.
  public init(folder: URL) throws {
    self.folder = folder
    let configuration = folder.appendingPathComponent("config.json")
    guard FileManager.default.fileExists(atPath: configuration.path) else {
      throw TextEncoderError.missingFile(folder: folder.path, file: "config.json")
    }
    guard let weights = Self.weights(in: folder) else {
      throw TextEncoderError.missingFile(folder: folder.path, file: Self.weightsNames.joined(separator: " or "))
    }
    self.weights = weights
    architecture = try BertArchitecture(contentsOf: configuration)
  }

  /// In order of preference.
  static let weightsNames = ["model.safetensors", "pytorch_model.bin"]

  static func weights(in folder: URL) -> URL? {
    weightsNames.map(folder.appendingPathComponent).first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Makes the encoder. Weights of `dtype` on the CPU are used in the mapped file, without a copy.
  ///
  /// - Throws: ``TextEncoderError/unfitWeights(path:_:)`` if a tensor is missing, unknown, of another shape or not
  ///   finite, ``TextEncoderError/unreadable(path:reason:)`` or ``TextEncoderError/mistaken(path:content:)`` for a damaged
  ///   safetensors file; `TensorFileError` for another file of PyTorch's, `FileAccessError` for one that cannot be opened.
  public func makeEncoder(device: Device = .cpu, dtype: DType = .float32) throws -> BertEncoder {
    let store = ParameterStore(tensors: try tensors(), dtype: dtype, device: device)
    let encoder = try BertEncoder(store.root, architecture)
    do {
      try store.verify()
    } catch let problems as ParameterLoadingError {
      throw TextEncoderError.unfitWeights(path: weights.path, problems)
    }
    return encoder
  }

  /// The encoder's tensors by the names that it asks for.
  func tensors() throws -> [String: Tensor] {
    let stored: [(name: String, tensor: MappedTensor)]
    do {
      if weights.pathExtension == "safetensors" {
        let file = try SafetensorsFile(path: weights.path)
        stored = try file.names.map { ($0, try file.tensor($0)) }
      } else {
        stored = try TorchArchive(path: weights.path).tensors()
      }
    } catch TensorFileError.mistaken(let path, let content) {
      throw TextEncoderError.mistaken(path: path, content: content)
    } catch TensorFileError.safetensors(let path, _, let problem) {
      throw TextEncoderError.unreadable(path: path, reason: "\(problem)")
    }
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in stored {
      guard let path = Self.path(of: name) else { continue }
      tensors[path] = try Tensor(tensor)
    }
    return tensors
  }

  /// The encoder's own name for a tensor of a checkpoint; nil for what the encoder leaves out.
  static func path(of name: String) -> String? {
    // Models with a head on top hold the encoder as `bert`.
    var path = name.hasPrefix("bert.") ? String(name.dropFirst(5)) : name
    if leftOut.contains(where: { path == $0 || $0.hasSuffix(".") && path.hasPrefix($0) }) { return nil }
    // Checkpoints that were converted from TensorFlow.
    for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
    where path.hasSuffix(old) {
      path = path.dropLast(old.count) + new
    }
    return path
  }

  /// Tensors of BERT checkpoints that do not belong to the encoder: buffers that count positions, the pooler, and the
  /// heads of pre-training.
  private static let leftOut = [
    "embeddings.position_ids", "embeddings.token_type_ids", "pooler.dense.weight", "pooler.dense.bias",
    "cls.predictions.", "cls.seq_relationship.",
  ]
}
