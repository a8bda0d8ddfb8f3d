import TensorFiles
import Torch
import TorchNN

/// A checkpoint (`.pt`) of the article author's training: its weights under our names, and what it says of itself.
///
///     let checkpoint = try ReleasedCheckpoint(path: "best_model.pt")
///     let store = ParameterStore(tensors: checkpoint.unet)
///     let unet = try UNet(store.root, checkpoint.architecture.unet)
///     try store.verify()
///
/// The widths come from the shapes, so that checkpoints of the author's code with other settings load as well. The
/// optimiser's state and whatever else is in the file are left alone.
public struct ReleasedCheckpoint {
  /// The author's `config`, with the author's defaults for what is not there.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Such as `ddpm` or `ddim`.
    public var schedulerType = "ddpm"
    /// Such as `linear`.
    public var betaSchedule = "linear"
    /// `epsilon`, `v_prediction` or `sample`.
    public var predictionType = "epsilon"
    public var guidanceScale = 7.5
    public var trainTimesteps = 1000
    /// The Hugging Face name of the text encoder.
    public var textModel = "dmis-lab/biobert-base-cased-v1.1"

    public init() {}
  }

  /// What latents were multiplied by in the author's training.
  public static let latentScale = 0.18215

  public let configuration: Configuration
  public let architecture: ModelArchitecture
  /// The autoencoder's weights by our paths.
  public let autoencoder: [String: Tensor]
  /// The U-Net's weights by our paths.
  public let unet: [String: Tensor]
  /// The text projection's weights by our paths.
  public let textProjection: [String: Tensor]
  /// The text encoder's weights by Hugging Face's names; empty where the checkpoint has none.
  public let textEncoder: [String: Tensor]

  /// Maps the file; weights stay in its memory until they are converted.
  ///
  /// - Throws: `FileAccessError` and `TensorFileError` when it cannot be read or is no checkpoint of PyTorch's,
  ///   ``ReleasedCheckpointError`` when it is not of the author's layout; `TorchError`.
  public init(path: String) throws {
    try self.init(TorchArchive(path: path))
  }

  public init(_ archive: TorchArchive) throws {
    configuration = Configuration(archive.root["config"])
    let states = try Dictionary(
      uniqueKeysWithValues: ReleasedNames.Part.allCases.map { part in
        (part, try ReleasedCheckpoint.state(part, archive))
      })
    architecture = try ReleasedCheckpoint.architecture(of: states, in: archive.file.path)
    autoencoder = try ReleasedCheckpoint.renamed(states[.autoencoder], .autoencoder)
    unet = try ReleasedCheckpoint.renamed(states[.unet], .unet)
    let isEncoder = { (name: String) in name.hasPrefix("transformer.") }
    let text = states[.textProjection] ?? [:]
    textProjection = try ReleasedCheckpoint.renamed(text.filter { !isEncoder($0.key) }, .textProjection)
    textEncoder = try Dictionary(
      uniqueKeysWithValues: text.filter { isEncoder($0.key) }.map {
        (String($0.key.dropFirst("transformer.".count)), try Tensor($0.value))
      })
  }

  private static func state(
    _ part: ReleasedNames.Part, _ archive: TorchArchive
  ) throws -> [String: MappedTensor] {
    guard let entry = archive.root[part.rawValue]?.dictionary else {
      throw ReleasedCheckpointError.missingEntry(file: archive.file.path, entry: part.rawValue)
    }
    var state: [String: MappedTensor] = [:]
    for (key, value) in entry.entries {
      // Whatever is not a named tensor will be missed by name when the network is made.
      if case .string(let name) = key, let tensor = value.tensor { state[name] = tensor }
    }
    return state
  }

  /// Names that the author's networks do not have keep theirs, for the strict loading to report.
  private static func renamed(
    _ state: [String: MappedTensor]?, _ part: ReleasedNames.Part
  ) throws -> [String: Tensor] {
    let names = ReleasedNames(part)
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in state ?? [:] { tensors[names.ours(name) ?? name] = try Tensor(tensor) }
    return tensors
  }

  private static func architecture(
    of states: [ReleasedNames.Part: [String: MappedTensor]], in file: String
  ) throws -> ModelArchitecture {
    func size(_ part: ReleasedNames.Part, _ name: String, _ dimension: Int) throws -> Int {
      guard let shape = states[part]?[name]?.shape, shape.indices.contains(dimension) else {
        throw ReleasedCheckpointError.missingTensor(file: file, entry: part.rawValue, name: name)
      }
      return shape[dimension]
    }
    let architecture = ModelArchitecture.released(
      latentChannels: try size(.autoencoder, "decoder.conv_in.weight", 1),
      autoencoderChannels: try size(.autoencoder, "encoder.conv_in.weight", 0),
      unetChannels: try size(.unet, "input_blocks.0.weight", 0),
      hiddenWidth: try size(.textProjection, "projection.1.weight", 1),
      contextWidth: try size(.textProjection, "projection.1.weight", 0))
    try architecture.validate()
    return architecture
  }
}

extension ReleasedCheckpoint.Configuration {
  fileprivate init(_ config: CheckpointValue?) {
    self.init()
    schedulerType = config?["scheduler_type"]?.string ?? schedulerType
    betaSchedule = config?["beta_schedule"]?.string ?? betaSchedule
    predictionType = config?["prediction_type"]?.string ?? predictionType
    guidanceScale = config?["guidance_scale"]?.double ?? guidanceScale
    trainTimesteps = config?["num_train_timesteps"]?.int ?? trainTimesteps
    textModel = config?["text_model"]?.string ?? textModel
  }
}

/// A checkpoint that is not of the article author's layout.
public enum ReleasedCheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  case missingEntry(file: String, entry: String)
  case missingTensor(file: String, entry: String, name: String)

  public var description: String {
    switch self {
    case .missingEntry(let file, let entry):
      "\(file) has no dictionary \(entry): give a checkpoint of the released code, which holds "
        + ReleasedNames.Part.allCases.map(\.rawValue).joined(separator: ", ")
    case .missingTensor(let file, let entry, let name):
      "\(file) has no tensor \(name) in \(entry): give a whole checkpoint of the released code"
    }
  }
}
