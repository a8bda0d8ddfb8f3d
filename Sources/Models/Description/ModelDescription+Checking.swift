import Diffusion
import Foundation
import RadiographModels
import Support

extension ModelDescription {
  /// More than this is no description.
  static let sizeLimit = 4 << 20

  /// Decodes and checks the bytes of a `model.json`; `path` names the file in errors.
  ///
  /// - Throws: ``ModelError`` for bytes that are no description, are of a later version, or ask for what no model can
  ///   have.
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
      let mistaken = json.withUnsafeBytes(MistakenContent.init(inPlaceOfText:)).map(\.description)
      throw ModelError.malformedDescription(path: path, reason: mistaken ?? Self.reason(error, json: json))
    }
    if let key = Self.unknownKey(in: json) {
      throw ModelError.malformedDescription(path: path, reason: "'\(key.onOneLine(limit: 80))' is not known")
    }
    try check(path: path)
  }

  /// A key that nothing reads, which is probably a misspelt one; nil if there is none.
  private static func unknownKey(in json: Data) -> String? {
    guard let tree = (try? JSONSerialization.jsonObject(with: json)) as? [String: Any] else { return nil }
    let known = Set(CodingKeys.allCases.map(\.rawValue))
    if let key = tree.keys.sorted().first(where: { !known.contains($0) }) { return key }
    let settings = SamplingSettings.CodingKeys.allCases.map(\.rawValue)
    for (place, known) in [
      (CodingKeys.sampling, settings), (.bestSampling, settings),
      (.detailGain, DetailGain.CodingKeys.allCases.map(\.rawValue)),
    ] {
      let keys = (tree[place.rawValue] as? [String: Any])?.keys.sorted() ?? []
      if let key = keys.first(where: { !known.contains($0) }) { return "\(place.rawValue).\(key)" }
    }
    return nil
  }

  /// The bytes of `model.json`: the same description makes the same bytes.
  ///
  /// - Throws: `EncodingError` for a number that is not finite.
  public func json() throws -> Data {
    try PrettyJSON.data(self) + Data("\n".utf8)
  }

  /// Refuses what is well formed and cannot be meant, before memory is asked for.
  ///
  /// - Throws: ``ModelError/implausible(path:reason:)``.
  public func check(path: String) throws {
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition { throw ModelError.implausible(path: path, reason: reason()) }
    }
    try require(version >= 1, "version \(version)")
    do {
      try architecture.validate()
      try scheduler.validate()
      for settings in [sampling, bestSampling ?? sampling] { _ = try settings.classifierFreeGuidance() }
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
    for (name, settings) in [("default", sampling), ("best", sampling(at: .best))] {
      try require((1...timesteps).contains(settings.steps), "\(settings.steps) \(name) steps of \(timesteps)")
      try require(DDIMSampler.etaRange.contains(settings.eta), "\(name) eta \(settings.eta)")
    }
    try require(detailGain?.problem == nil, detailGain?.problem ?? "")
    // Names become parts of paths; an encoder's may have an organisation before a slash.
    func isSafe(_ name: String) -> Bool {
      !name.isEmpty && name.count <= 200 && !name.hasPrefix("/") && !name.contains { $0.isNewline || $0 == "\0" }
        && !name.split(separator: "/").contains { $0 == ".." || $0 == "." }
    }
    try require(isSafe(name) && !name.contains("/"), "the name '\(name.onOneLine(limit: 120))'")
    try require(isSafe(textEncoder.name), "the text encoder '\(textEncoder.name.onOneLine(limit: 120))'")
  }

  private static func reason(_ error: DecodingError, json: Data) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
      return path.isEmpty ? "at its top" : "at \(path)"
    }
    switch error {
    case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing \(place(context))"
    case .typeMismatch(let type, let context): return "no \(word(for: type)) \(place(context))"
    case .valueNotFound(let type, let context): return "no \(word(for: type)) \(place(context))"
    case .dataCorrupted(let context):
      if !context.codingPath.isEmpty { return "a value that is not known \(place(context))" }
      // A number that does not fit its field comes without a place.
      let isJSON = (try? JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed)) != nil
      return isJSON ? "a number that does not fit its place" : "it is not JSON"
    @unknown default: return "\(error)"
    }
  }

  /// What JSON calls a value of a type.
  private static func word(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "whole number"
    case is any BinaryFloatingPoint.Type: "number"
    case is [Any].Type: "list"
    default: "group of values in braces"
    }
  }
}
