import DICOMFiles
import Diffusion
import Foundation
import ImageFiles
import Support

/// What an image file of Thorax says of how it was drawn.
public struct RecordedProvenance: Equatable, Sendable {
  public var prompt: String
  public var negative: String?
  public var seed: UInt64
  public var steps: Int
  public var guidance: Double
  /// Nil in files that were written before it could be chosen: the model's own was used.
  public var guidanceRescale: Double?
  /// Nil in files that were written before it could be chosen: the model's own was used.
  public var guidanceInterval: GuidanceInterval?
  /// What guidance led away from if there is no negative prompt; a file that says nothing of it means nothing.
  public var guidanceFrom: GuidanceReference
  public var sampler: SamplerKind
  public var eta: Double
  public var modelName: String
  public var modelHash: String
  /// Nil in files that were written before it was recorded.
  public var textEncoderName: String?
  /// Nil in files that were written before it was recorded.
  public var textEncoderHash: String?
  /// SHA-256 of the latents that the image was drawn from in place of noise; nil for noise.
  public var initialLatents: String?
  /// How the image was chosen among several; nil if it was drawn alone.
  public var choice: ImageChoice?
  public var version: String
  public var device: String
  public var precision: String
  public var threads: Int
  public var isWatermarked: Bool
  public var isStamped: Bool
  /// The step that the picture shows, for a preview.
  public var previewStep: Int?

  /// Thorax writes no larger files.
  public static let sizeLimit = 256 << 20

  /// Reads an image file.
  ///
  /// - Returns: What the file says, and its bytes.
  /// - Throws: ``ProvenanceError``; `FileAccessError` for a file that cannot be read.
  public static func read(path: String) throws -> (provenance: RecordedProvenance, bytes: [UInt8]) {
    let bytes = try bytes(path: path)
    return (try RecordedProvenance(texts(of: bytes, path: path), path: path), bytes)
  }

  static func bytes(path: String) throws -> [UInt8] {
    let file = try MappedFile(path: path)
    return try withExtendedLifetime(file) {
      guard file.bytes.count <= sizeLimit else { throw ProvenanceError.notOurs(path: path) }
      return Array(file.bytes)
    }
  }

  static func texts(of bytes: [UInt8], path: String) throws(ProvenanceError) -> [ImageText] {
    do {
      guard OutputFormat(detecting: bytes) == .dicom else { return try ImageText.read(from: bytes) }
      guard let texts = SyntheticDICOM.texts(of: try DICOMFile(Data(bytes))) else {
        throw ProvenanceError.notOurs(path: path)
      }
      return texts
    } catch let error as ProvenanceError {
      throw error
    } catch {
      throw .notAnImage(path: path, reason: "\(error)")
    }
  }

  /// Reads the texts of an image file; `path` names it in errors.
  ///
  /// - Throws: ``ProvenanceError``: a file may have been written by anybody, so nothing in it is taken on trust.
  public init(_ texts: [ImageText], path: String) throws(ProvenanceError) {
    let record = Record(texts, path: path)
    guard record["synthetic"] == "true", record["seed"] != nil else { throw .notOurs(path: path) }
    if let incomplete = record["incomplete"] { throw .incomplete(path: path, what: incomplete) }
    prompt = record["prompt"] ?? ""
    negative = record["negative"]
    seed = try record.value("seed") { UInt64($0) }
    steps = try record.value("steps") { Int($0).flatMap { $0 >= 1 ? $0 : nil } }
    guidance = try record.value("guidance") { Self.number($0, in: ClassifierFreeGuidance.scaleRange) }
    guidanceRescale = try record.optional("guidance-rescale") {
      Self.number($0, in: ClassifierFreeGuidance.rescaleRange)
    }
    guidanceInterval = try record.optional("guidance-interval") { GuidanceInterval(text: $0) }
    guidanceFrom = try record.optional("guidance-from") { GuidanceReference(rawValue: $0) } ?? .nothing
    sampler = try record.value("sampler") { SamplerKind(rawValue: $0) }
    eta = try record.value("eta") { Self.number($0, in: DDIMSampler.etaRange) }
    // A name and no path: an image does not decide which folder is opened.
    modelName = try record.value("model") { $0.isEmpty || $0.contains("/") || $0.hasPrefix(".") ? nil : $0 }
    modelHash = try record.value("model-hash", Self.hash)
    textEncoderName = record["text-encoder"]
    textEncoderHash = try record.optional("text-encoder-hash", Self.hash)
    initialLatents = try record.optional("initial-latents", Self.hash)
    choice = try Self.choice(record, seed: seed)
    version = try record.value("version") { $0 }
    device = try record.value("device") { $0 }
    precision = try record.value("precision") { $0 }
    threads = try record.value("threads") { Int($0).flatMap { (1...1024).contains($0) ? $0 : nil } }
    isWatermarked = try record.optional("watermark") { $0 == Watermark.version ? true : nil } ?? false
    isStamped = try record.optional("stamp") { $0 == "true" ? true : nil } ?? false
    previewStep = try record.optional("preview-step") { Int($0) }
  }

  private static func choice(_ record: Record, seed: UInt64) throws(ProvenanceError) -> ImageChoice? {
    guard let candidates = try record.optional("best-of", { Int($0) }) else { return nil }
    let choice = ImageChoice(
      candidates: candidates, firstSeed: try record.value("best-of-first-seed") { UInt64($0) },
      judgeHash: try record.value("judge-hash", hash), score: try record.value("judge-score") { Double($0) })
    return try record.value("best-of") { _ in choice.allows(seed: seed) ? choice : nil }
  }

  private static func number(_ text: String, in range: ClosedRange<Double>) -> Double? {
    Double(text).flatMap { range.contains($0) ? $0 : nil }
  }

  private static func hash(_ text: String) -> String? {
    text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      ? text : nil
  }
}

/// The texts of a file by key, without the prefix.
private struct Record {
  private let texts: [String: String]
  private let path: String

  init(_ texts: [ImageText], path: String) {
    let own = texts.filter { $0.key.hasPrefix("thorax:") }.map { (String($0.key.dropFirst(7)), $0.value) }
    self.texts = Dictionary(own) { first, _ in first }
    self.path = path
  }

  subscript(key: String) -> String? { texts[key] }

  func value<Value>(_ key: String, _ read: (String) -> Value?) throws(ProvenanceError) -> Value {
    guard let text = texts[key] else { throw .malformed(path: path, key: key, value: nil) }
    guard let value = read(text) else { throw .malformed(path: path, key: key, value: text) }
    return value
  }

  func optional<Value>(_ key: String, _ read: (String) -> Value?) throws(ProvenanceError) -> Value? {
    texts[key] == nil ? nil : try value(key, read)
  }
}
