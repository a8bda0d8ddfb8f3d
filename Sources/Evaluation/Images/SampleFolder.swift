import Foundation
import ImageFiles
import ImageOutput
import Models
import Support

/// Samples of a model, kept on disk as they are drawn: a killed run goes on where it was, and draws nothing twice.
///
/// The folder holds a PNG for each sample, with its provenance; `samples.json`, which says what drew them; and
/// `samples.jsonl`, a line for each sample with the hash of its file.
public actor SampleFolder {
  /// What draws the samples of a folder; another one cannot go on with it.
  public struct Origin: Codable, Sendable, Equatable {
    public var model: String
    /// SHA-256 of the model.
    public var hash: String
    /// The settings where a sample has no others.
    public var sampling: SamplingSettings
    /// The numbers that the model computed with, such as `fp32`.
    public var precision: String

    public init(model: String, hash: String, sampling: SamplingSettings, precision: String) {
      self.model = model
      self.hash = hash
      self.sampling = sampling
      self.precision = precision
    }
  }

  /// A line of `samples.jsonl`.
  public struct Entry: Codable, Sendable, Equatable {
    /// The file's name.
    public var image: String
    public var prompt: String
    public var seed: UInt64
    public var guidance: Double
    /// SHA-256 of the file.
    public var sha256: String
  }

  public nonisolated let path: String
  /// Samples that were there before.
  public private(set) var found = 0
  /// Samples that were drawn since.
  public private(set) var drawn = 0
  private var entries: [String: Entry] = [:]
  private var order: [String] = []

  public static let tableName = "prompt_INFO.csv"

  /// Opens the folder, or makes it.
  ///
  /// - Throws: ``MeasurementError/otherSamples(path:found:)`` if something else drew what is there,
  ///   ``MeasurementError/changed(path:name:)`` if a sample is not what was drawn; `FileAccessError`.
  public init(path: String, origin: Origin) throws {
    self.path = path
    let folder = URL(fileURLWithPath: path)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError.folder(path: path, reason: error.localizedDescription)
    }
    let record = folder.appendingPathComponent("samples.json").path
    if FileManager.default.fileExists(atPath: record) {
      let known = try? JSONDecoder().decode(Origin.self, from: Data(contentsOf: URL(fileURLWithPath: record)))
      guard known == origin else {
        throw MeasurementError.otherSamples(
          path: path, found: known.map { "\($0.model) (\($0.hash.prefix(12)))" } ?? "something unknown")
      }
    } else {
      try AtomicFile.write([UInt8](PrettyJSON.data(origin)), to: record)
    }
    let list = (try? String(contentsOf: folder.appendingPathComponent("samples.jsonl"), encoding: .utf8)) ?? ""
    for line in list.split(separator: "\n") {
      // A kill in the middle of a line leaves one that says nothing: its sample is drawn again.
      guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else { continue }
      let file = folder.appendingPathComponent(entry.image).path
      // What is gone is drawn again.
      guard FileManager.default.fileExists(atPath: file) else { continue }
      guard try ContentHash.ofFile(file) == entry.sha256 else {
        throw MeasurementError.changed(path: path, name: entry.image)
      }
      if entries.updateValue(entry, forKey: entry.image) == nil { order.append(entry.image) }
    }
    found = entries.count
  }

  private static func name(_ prompt: String, _ seed: UInt64, _ guidance: Double) -> String {
    "\(ContentHash.of(parts: [prompt, "\(seed)", "\(guidance)"]).prefix(20)).png"
  }

  /// A sample that is there already.
  public func image(prompt: String, seed: UInt64, guidance: Double) throws -> GrayscaleImage? {
    let name = Self.name(prompt, seed, guidance)
    guard let entry = entries[name] else { return nil }
    let file = URL(fileURLWithPath: path).appendingPathComponent(name).path
    guard let bytes = try? [UInt8](ImageFormat.fileContents(file)), ContentHash.of(bytes) == entry.sha256 else {
      throw MeasurementError.changed(path: path, name: name)
    }
    return try GrayscaleImage(decoding: bytes)
  }

  /// Keeps a sample.
  ///
  /// - Throws: `ImageFileError`, `FileAccessError` for a file that cannot be written.
  public func keep(_ sample: SyntheticImage, prompt: String, seed: UInt64, guidance: Double) throws {
    let name = Self.name(prompt, seed, guidance)
    let folder = URL(fileURLWithPath: path)
    let bytes = try sample.write(to: folder.appendingPathComponent(name).path, as: .png, overwrite: true)
    let entry = Entry(image: name, prompt: prompt, seed: seed, guidance: guidance, sha256: ContentHash.of(bytes))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try append(encoder.encode(entry), to: folder.appendingPathComponent("samples.jsonl").path)
    entries[name] = entry
    order.append(name)
    drawn += 1
  }

  /// Adds a line in one write, on a line of its own whatever a kill has left before it.
  private func append(_ line: Data, to path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    var last: UInt8 = 0x0A
    if end > 0 { pread(descriptor, &last, 1, end - 1) }
    let text = (last == 0x0A ? [] : [0x0A]) + [UInt8](line) + [0x0A]
    guard write(descriptor, text, text.count) == text.count else {
      throw Self.failure(path)
    }
  }

  private static func failure(_ path: String) -> FileAccessError {
    FileAccessError(path: path, operation: .write, error: POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO))
  }

  /// All samples in the order in which they were drawn, as CheXGenBench's table.
  public func table() -> PromptTable {
    PromptTable(
      path: URL(fileURLWithPath: path).appendingPathComponent(Self.tableName).path,
      rows: order.compactMap { entries[$0] }.map {
        PromptTable.Row(image: $0.image, facts: ImageFacts(prompt: $0.prompt, seed: $0.seed))
      })
  }

  /// Writes the table beside the samples and returns its path.
  ///
  /// - Throws: `FileAccessError`.
  @discardableResult
  public func writeTable() throws -> String {
    let table = table()
    try AtomicFile.write([UInt8](table.csv.utf8), to: table.path)
    return table.path
  }
}
