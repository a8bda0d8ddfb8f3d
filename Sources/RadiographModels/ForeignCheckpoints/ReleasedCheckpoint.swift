import TensorFiles

/// A checkpoint (`.pt`) of the article author's training: its weights under our names, and what it says of itself.
///
///     let checkpoint = try ReleasedCheckpoint(path: "best_model.pt")
///     let store = try ParameterStore(tensors: checkpoint.unet.tensors())
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
  public let autoencoder: [String: MappedTensor]
  /// The U-Net's weights by our paths.
  public let unet: [String: MappedTensor]
  /// The text projection's weights by our paths.
  public let textProjection: [String: MappedTensor]
  /// The text encoder's weights by Hugging Face's names; empty if the checkpoint has none.
  public let textEncoder: [String: MappedTensor]

  /// Maps the file; weights stay in its memory, and LibTorch is not started.
  ///
  /// - Throws: `FileAccessError` and `TensorFileError` if it cannot be read or is not a checkpoint of PyTorch's,
  ///   ``ReleasedCheckpointError`` if it is not of the author's layout.
  public init(path: String) throws {
    try self.init(TorchArchive(path: path))
  }

  /// Reads a checkpoint that is mapped already.
  ///
  /// - Throws: `TensorFileError` for weights or settings that were passed over; ``ReleasedCheckpointError`` if it is
  ///   not of the author's layout.
  public init(_ archive: TorchArchive) throws {
    configuration = try Configuration(archive.root["config"], file: archive.file.path)
    let states = try Dictionary(
      uniqueKeysWithValues: ReleasedNames.Part.allCases.map { part in
        (part, try ReleasedCheckpoint.state(part, archive))
      })
    architecture = try ReleasedCheckpoint.architecture(of: states, in: archive.file.path)
    autoencoder = ReleasedCheckpoint.renamed(states[.autoencoder], .autoencoder)
    unet = ReleasedCheckpoint.renamed(states[.unet], .unet)
    let isEncoder = { (name: String) in name.hasPrefix("transformer.") }
    let text = states[.textProjection] ?? [:]
    textProjection = ReleasedCheckpoint.renamed(text.filter { !isEncoder($0.key) }, .textProjection)
    textEncoder = Dictionary(
      uniqueKeysWithValues: text.filter { isEncoder($0.key) }.map {
        (String($0.key.dropFirst("transformer.".count)), $0.value)
      })
  }

  private static func state(
    _ part: ReleasedNames.Part, _ archive: TorchArchive
  ) throws -> [String: MappedTensor] {
    let value = archive.root[part.rawValue]
    func refuse(_ value: CheckpointValue?, at place: String) throws {
      guard let problem = value?.unread else { return }
      throw TensorFileError.checkpoint(file: archive.file.path, place: place, problem: problem)
    }
    try refuse(value, at: part.rawValue)
    guard let entry = value?.dictionary else {
      throw ReleasedCheckpointError.missingEntry(file: archive.file.path, entry: part.rawValue)
    }
    var state: [String: MappedTensor] = [:]
    for (key, value) in entry.entries {
      // Whatever is not a named tensor will be missed by name when the network is made.
      guard case .string(let name) = key else { continue }
      try refuse(value, at: "\(part.rawValue).\(name)")
      state[name] = value.tensor
    }
    return state
  }

  /// Names that the author's networks do not have keep theirs, for the strict loading to report.
  private static func renamed(
    _ state: [String: MappedTensor]?, _ part: ReleasedNames.Part
  ) -> [String: MappedTensor] {
    let names = ReleasedNames(part)
    return Dictionary((state ?? [:]).map { (names.ours($0.key) ?? $0.key, $0.value) }) { first, _ in first }
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
  /// Reads the author's `config`: a dictionary or a namespace of settings. One that is there and cannot be read is an
  /// error; its default is only for one that is missing.
  fileprivate init(_ config: CheckpointValue?, file: String) throws {
    self.init()
    func failure(_ place: String, _ problem: CheckpointProblem) -> TensorFileError {
      .checkpoint(file: file, place: place, problem: problem)
    }
    guard let config, config.kind != "None" else { return }
    guard let settings = config.dictionary else {
      throw failure("config", config.unread ?? .wrongKind(expected: "dict", found: config.kind))
    }
    func read<Value>(
      _ key: String, into setting: inout Value, as kind: String, _ value: (CheckpointValue) -> Value?
    ) throws {
      guard let stored = settings[key], stored.kind != "None" else { return }
      guard let value = value(stored) else {
        throw failure("config.\(key)", stored.unread ?? .wrongKind(expected: kind, found: stored.kind))
      }
      setting = value
    }
    try read("scheduler_type", into: &schedulerType, as: "str", \.string)
    try read("beta_schedule", into: &betaSchedule, as: "str", \.string)
    try read("prediction_type", into: &predictionType, as: "str", \.string)
    try read("guidance_scale", into: &guidanceScale, as: "float", \.double)
    try read("num_train_timesteps", into: &trainTimesteps, as: "int") { $0.double.flatMap(Int.init(exactly:)) }
    try read("text_model", into: &textModel, as: "str", \.string)
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
