import Diffusion
import Foundation
import RadiographModels
import Support
import SystemPackage

/// What can be said of a model without loading its weights.
public struct ModelInformation: Encodable, Equatable, Sendable {
  /// How many parameters the model has.
  public struct Parameters: Equatable, Sendable {
    /// Of each part, by the part's key in `thorax info --json`.
    public var parts: [String: Int]
    /// The frozen encoder's; nil if its architecture is not known.
    public var textEncoder: Int?
    /// All that is known.
    public var total: Int { parts.values.reduce(textEncoder ?? 0, +) }

    /// The number of one part.
    public subscript(part: ModelPart) -> Int { parts[part.parametersKey] ?? 0 }
  }

  public struct Size: Encodable, Equatable, Sendable {
    public var channels: Int
    public var height: Int
    public var width: Int
  }

  public var name: String
  public var preset: String
  public var parameters: Parameters
  public var latent: Size
  public var image: Size
  public var licence: String
  /// SHA-256; nil for a preset, which has no weights.
  public var hash: String?
  /// Bytes on disk; nil for a preset.
  public var bytes: Int?
  public var textEncoder: TextEncoderReference
  public var sampling: SamplingSettings
  /// The settings of `--quality best`.
  public var bestSampling: SamplingSettings
  /// Whether 8-bit integers are its own precision on processors that are made for them.
  public var allowsInt8: Bool
  /// How details of drawn images are made stronger; nil if they are not.
  public var detailGain: DetailGain?
  /// Floating-point operations of one image by the default settings and a prompt of 32 tokens, without the encoder.
  public var flops: Int
  public var training: [String: String]
  /// The folder or checkpoint; nil for a preset.
  public var path: String?
  /// The card, a text for people; nil where there is none.
  public var card: String?

  private init(_ description: ModelDescription) throws {
    let architecture = description.architecture
    let counts = try architecture.parameterCounts()
    let encoder = description.textEncoder.architecture?.parameterCount
    name = description.name
    preset = description.preset
    parameters = Parameters(
      parts: Dictionary(uniqueKeysWithValues: counts.map { ($0.parametersKey, $1) }), textEncoder: encoder)
    latent = Size(
      channels: architecture.latentChannels, height: architecture.latentSide, width: architecture.latentSide)
    image = Size(channels: architecture.imageChannels, height: architecture.imageSide, width: architecture.imageSide)
    licence = description.licence
    textEncoder = description.textEncoder
    sampling = description.sampling
    bestSampling = description.sampling(at: .best)
    allowsInt8 = description.allowsInt8 ?? false
    detailGain = description.detailGain
    let tokens = architecture.textProjection.attendsToPadding ? architecture.textProjection.tokenLimit : 32
    flops = try SamplingCost(description, sampling: description.sampling, tokens: tokens).image
    training = description.training
  }

  /// A preset: its counts follow from the architecture, and no weights are needed.
  ///
  /// - Throws: `ArchitectureError`, `DiffusionError` for a preset that cannot be built.
  public init(preset: ModelPreset) throws {
    try self.init(ModelDescription(preset: preset))
  }

  /// A model on disk.
  ///
  /// - Throws: what is wrong with its files, as loading it would.
  public init(source: ModelSource) throws {
    try self.init(source.description)
    try source.checkWeights()
    hash = try source.hash()
    bytes = source.byteCount()
    path = source.path
    let card = FilePath(source.path).appending(ModelFolder.cardName)
    self.card = card.exists ? card.string : nil
  }

  /// What `reference` names: an installed model, a folder, or else a preset.
  ///
  /// - Throws: ``ModelError/notFound(name:known:places:)`` for a name of neither; what is wrong with the model's files.
  public init(reference: String, catalog: ModelCatalog = .standard()) throws {
    do {
      try self.init(source: ModelSource(path: catalog.path(for: reference)))
    } catch ModelError.notFound(let name, let known, let places) {
      guard let preset = ModelPreset(rawValue: reference) else {
        throw ModelError.notFound(name: name, known: known + ModelPreset.allCases.map(\.rawValue), places: places)
      }
      try self.init(preset: preset)
    }
  }

  // The keys of `info --json`; those without a value are there, as null.
  private enum Key: String, CodingKey {
    case name, preset, parameters, latent, image, licence, hash, bytes, sampling, flops, training, path, card
    case textEncoder = "text_encoder"
    case bestSampling = "best_sampling"
    case allowsInt8 = "allows_int8"
    case detailGain = "detail_gain"
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(name, forKey: .name)
    try values.encode(preset, forKey: .preset)
    try values.encode(parameters, forKey: .parameters)
    try values.encode(latent, forKey: .latent)
    try values.encode(image, forKey: .image)
    try values.encode(licence, forKey: .licence)
    try values.encode(hash, forKey: .hash)
    try values.encode(bytes, forKey: .bytes)
    try values.encode(textEncoder, forKey: .textEncoder)
    try values.encode(sampling, forKey: .sampling)
    try values.encode(bestSampling, forKey: .bestSampling)
    try values.encode(allowsInt8, forKey: .allowsInt8)
    try values.encode(detailGain, forKey: .detailGain)
    try values.encode(flops, forKey: .flops)
    try values.encode(training, forKey: .training)
    try values.encode(path, forKey: .path)
    try values.encode(card, forKey: .card)
  }
}

extension ModelInformation.Parameters: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    for (key, count) in parts { try values.encode(count, forKey: Key(key)) }
    try values.encode(textEncoder, forKey: Key("text_encoder"))
    try values.encode(total, forKey: Key("total"))
  }
}
