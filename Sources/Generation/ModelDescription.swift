import Diffusion
import Foundation
import RadiographModels

/// What `model.json` says: everything about a model but its weights.
public struct ModelDescription: Codable, Equatable, Sendable {
  /// The latest layout of `model.json` that this program reads and writes.
  public static let currentVersion = 1

  /// The layout's version.
  public var version: Int
  public var name: String
  /// The preset whose architecture it is, or "custom".
  public var preset: String
  public var architecture: ModelArchitecture
  public var scheduler: SchedulerConfiguration
  public var latent: LatentStatistics
  public var textEncoder: TextEncoderReference
  public var sampling: SamplingDefaults
  /// SPDX identifier or sentence: under which terms the weights may be used.
  public var licence: String
  /// Facts about the training, for people: data, images, patients, recipe, hours.
  public var training: [String: String]

  public init(
    name: String, preset: String, architecture: ModelArchitecture, scheduler: SchedulerConfiguration,
    latent: LatentStatistics, textEncoder: TextEncoderReference, sampling: SamplingDefaults, licence: String,
    training: [String: String] = [:]
  ) {
    version = Self.currentVersion
    self.name = name
    self.preset = preset
    self.architecture = architecture
    self.scheduler = scheduler
    self.latent = latent
    self.textEncoder = textEncoder
    self.sampling = sampling
    self.licence = licence
    self.training = training
  }

  /// Channels, height and width of one image's latents.
  public var latentShape: [Int] {
    [architecture.latentChannels, architecture.latentSide, architecture.latentSide]
  }
}

/// Mean and standard deviation of the autoencoder's latents over the training data, by channel. Diffusion sees
/// `(latent - mean) / standardDeviation`; the constants stand outside the network (EDM2, Stable Diffusion 3).
public struct LatentStatistics: Codable, Equatable, Sendable {
  public var mean: [Double]
  public var standardDeviation: [Double]

  public init(mean: [Double], standardDeviation: [Double]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// One factor for all channels, as Stable Diffusion's 0.18215: diffusion sees `latent * factor`.
  public init(channels: Int, factor: Double) {
    self.init(
      mean: Array(repeating: 0, count: channels), standardDeviation: Array(repeating: 1 / factor, count: channels))
  }
}

/// The frozen text encoder that a model was trained with.
public struct TextEncoderReference: Codable, Equatable, Sendable {
  /// Name of the encoder's folder, such as `all-MiniLM-L6-v2`.
  public var name: String
  /// SHA-256 of its weights file; nil where any encoder of that name and shape will do.
  public var hash: String?

  public init(name: String, hash: String? = nil) {
    self.name = name
    self.hash = hash
  }
}

/// How `generate` samples where the caller says nothing.
public struct SamplingDefaults: Codable, Equatable, Sendable {
  public var steps: Int
  /// Classifier-free guidance scale; 1 is off.
  public var guidance: Double
  /// How much of the contrast that guidance adds is taken back, 0 to 1 (Lin et al., arXiv:2305.08891).
  public var guidanceRescale: Double
  /// The times, 0 (clean) to 1 (noise), at which guidance acts; nil for all (Kynkäänniemi et al., arXiv:2404.07724).
  public var guidanceInterval: ClosedRange<Double>?
  public var sampler: SamplerKind
  public var eta: Double

  public init(
    steps: Int, guidance: Double, guidanceRescale: Double = 0, guidanceInterval: ClosedRange<Double>? = nil,
    sampler: SamplerKind, eta: Double = 0
  ) {
    self.steps = steps
    self.guidance = guidance
    self.guidanceRescale = guidanceRescale
    self.guidanceInterval = guidanceInterval
    self.sampler = sampler
    self.eta = eta
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      steps: try values.decode(Int.self, forKey: .steps), guidance: try values.decode(Double.self, forKey: .guidance),
      guidanceRescale: try values.decodeIfPresent(Double.self, forKey: .guidanceRescale) ?? 0,
      guidanceInterval: try values.decodeIfPresent(ClosedRange<Double>.self, forKey: .guidanceInterval),
      sampler: try values.decode(SamplerKind.self, forKey: .sampler),
      eta: try values.decodeIfPresent(Double.self, forKey: .eta) ?? 0)
  }

  /// Guidance as the samplers take it.
  ///
  /// - Throws: `DiffusionError` for values outside their ranges.
  func classifierFreeGuidance() throws -> ClassifierFreeGuidance {
    try ClassifierFreeGuidance(scale: guidance, rescale: guidanceRescale, interval: guidanceInterval)
  }
}

// MARK: - Reading and checking

extension ModelDescription {
  /// More than this is no description.
  static let sizeLimit = 4 << 20

  /// Decodes and checks the bytes of a `model.json`; `path` names the file in errors.
  public init(json: Data, path: String) throws {
    guard json.count <= Self.sizeLimit else {
      throw ModelError.malformedDescription(path: path, reason: "more than \(Self.sizeLimit) bytes")
    }
    struct Header: Decodable {
      var version: Int
    }
    do {
      // The version decides how the rest is read, so it is looked at alone first.
      let header = try JSONDecoder().decode(Header.self, from: json)
      guard header.version <= Self.currentVersion else {
        throw ModelError.laterVersion(path: path, version: header.version, known: Self.currentVersion)
      }
      self = try JSONDecoder().decode(Self.self, from: json)
    } catch let error as DecodingError {
      throw ModelError.malformedDescription(path: path, reason: Self.reason(error, json: json))
    }
    try check(path: path)
  }

  /// The bytes of `model.json`: the same description makes the same bytes.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// Refuses what is well formed and cannot be meant, before memory is asked for.
  func check(path: String) throws {
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition { throw ModelError.implausible(path: path, reason: reason()) }
    }
    try require(version >= 1, "version \(version)")
    do {
      try architecture.validate()
      try scheduler.validate()
      _ = try sampling.classifierFreeGuidance()
    } catch let error as ArchitectureError {
      throw ModelError.implausible(path: path, reason: "\(error)")
    } catch let error as DiffusionError {
      throw ModelError.implausible(path: path, reason: "\(error)")
    }
    try require(
      architecture.imageChannels == 1, "\(architecture.imageChannels) image channels, where radiographs have 1")
    let channels = architecture.latentChannels
    try require(
      latent.mean.count == channels && latent.standardDeviation.count == channels,
      "latent statistics of \(latent.mean.count) and \(latent.standardDeviation.count) channels for \(channels)")
    try require(
      latent.mean.allSatisfy { abs($0) <= 1e6 } && latent.standardDeviation.allSatisfy { $0 > 0 && $0 <= 1e6 },
      "latent statistics that are not finite, not positive or above a million")
    let timesteps = scheduler.schedule.trainTimesteps
    try require((1...timesteps).contains(sampling.steps), "\(sampling.steps) default steps of \(timesteps)")
    try require(ClassifierFreeGuidance.scaleRange.contains(sampling.guidance), "default guidance \(sampling.guidance)")
    try require(DDIMSampler.etaRange.contains(sampling.eta), "default eta \(sampling.eta)")
    // Names become parts of paths; an encoder's may have an organisation before a slash.
    func isSafe(_ name: String) -> Bool {
      !name.isEmpty && name.count <= 200 && !name.hasPrefix("/") && !name.contains { $0.isNewline || $0 == "\0" }
        && !name.split(separator: "/").contains { $0 == ".." || $0 == "." }
    }
    try require(isSafe(name) && !name.contains("/"), "the name '\(RequestError.shortened(name))'")
    try require(isSafe(textEncoder.name), "the text encoder '\(RequestError.shortened(textEncoder.name))'")
  }

  private static func reason(_ error: DecodingError, json: Data) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
      return path.isEmpty ? "at its top" : "at \(path)"
    }
    switch error {
    case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing \(place(context))"
    case .typeMismatch(let type, let context): return "no \(type) \(place(context))"
    case .valueNotFound(let type, let context): return "no \(type) \(place(context))"
    case .dataCorrupted(let context):
      if !context.codingPath.isEmpty { return "a value that is not known \(place(context))" }
      // A number that does not fit its field comes without a place.
      let isJSON = (try? JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed)) != nil
      return isJSON ? "a number that does not fit its place" : "it is not JSON"
    @unknown default: return "\(error)"
    }
  }
}
