import Foundation
import RadiographModels
import TensorFiles
import Torch

/// A model on disk: a folder with `model.json`, the weights of each part, and the card.
public struct ModelFolder: Sendable {
  public static let descriptionName = "model.json"
  public static let cardName = "README.md"

  /// The files of weights.
  public enum Part: String, CaseIterable, Sendable {
    case autoencoder = "vae.safetensors"
    case unet = "unet.safetensors"
    case textProjection = "text.safetensors"
  }

  public let path: String
  public let description: ModelDescription

  /// Reads `model.json`, and sees that the other files are there.
  public init(path: String) throws {
    guard PathName.isFolder(path) else { throw ModelError.missing(path: path) }
    self.path = path
    for name in [Self.descriptionName] + Part.allCases.map(\.rawValue) {
      guard FileManager.default.fileExists(atPath: PathName.joined(path, name)) else {
        throw ModelError.missingFile(folder: path, name: name)
      }
    }
    let file = PathName.joined(path, Self.descriptionName)
    let mapped = try MappedFile(path: file)
    // The mapping goes with its last use, which must not be before the copy is made.
    let json = withExtendedLifetime(mapped) { Data(mapped.bytes.prefix(ModelDescription.sizeLimit + 1)) }
    description = try ModelDescription(json: json, path: file)
  }

  /// The tensors of one part, mapped and not copied.
  func tensors(of part: Part) throws -> [String: Tensor] {
    try SafetensorsFile(path: PathName.joined(path, part.rawValue)).loadTensors()
  }

  /// One part's tensors by name, as they lie in the file.
  func storedTensors(of part: Part) throws -> [String: MappedTensor] {
    try SafetensorsFile(path: PathName.joined(path, part.rawValue)).tensorsByName
  }

  /// SHA-256 over the description and the weights: what images name as their model.
  public func hash() throws -> String {
    try ModelHash.files([Self.descriptionName] + Part.allCases.map(\.rawValue), in: path)
  }

  /// Bytes of all files that belong to the model.
  public func byteCount() -> Int {
    ([Self.descriptionName, Self.cardName] + Part.allCases.map(\.rawValue)).reduce(0) { sum, name in
      var status = stat()
      return stat(PathName.joined(path, name), &status) == 0 ? sum + Int(status.st_size) : sum
    }
  }

  // MARK: Writing

  /// Writes a model folder that appears whole or not at all.
  ///
  /// - Parameters:
  ///   - weights: Tensors by path, for each part.
  ///   - card: The text of `README.md`.
  ///   - dtype: Number format of the weights on disk.
  ///   - overwrite: Whether a model that is there already is replaced.
  /// - Throws: ``OutputError`` where the folder exists or cannot be made; ``ModelError`` for a description that no
  ///   program could read back; `FileAccessError`.
  public static func write(
    _ description: ModelDescription, weights: [Part: [String: Tensor]], card: String, dtype: DType = .float16,
    to path: String, overwrite: Bool = false
  ) throws {
    let target = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    try description.check(path: PathName.joined(target, descriptionName))
    var status = stat()
    if lstat(target, &status) == 0, !overwrite { throw OutputError.exists(path: target) }
    let parent = PathName.folder(of: target)
    try OutputPlan.makeWritable(folder: parent)
    let staging = PathName.joined(parent, ".\(PathName.file(of: target)).\(getpid()).tmp")
    try OutputPlan.makeWritable(folder: staging)
    defer { try? FileManager.default.removeItem(atPath: staging) }

    for part in Part.allCases {
      let tensors = try (weights[part] ?? [:]).mapValues { $0.dtype.isFloatingPoint ? try $0.to(dtype) : $0 }
      try SafetensorsWriter.write(
        tensors, metadata: ["format": "pt"], to: PathName.joined(staging, part.rawValue))
    }
    try AtomicFile.write([UInt8](card.utf8), to: PathName.joined(staging, cardName))
    try AtomicFile.write([UInt8](description.json()), to: PathName.joined(staging, descriptionName))
    try publish(staging, as: target)
  }

  /// Renames `staging` to `target`; what stood there goes only once the new folder is in its place.
  private static func publish(_ staging: String, as target: String) throws {
    var status = stat()
    let former = staging + ".former"
    let isThere = lstat(target, &status) == 0
    func failure() -> OutputError { .folder(path: target, reason: String(cString: strerror(errno))) }
    if isThere, rename(target, former) != 0 { throw failure() }
    guard rename(staging, target) == 0 else {
      let error = failure()
      if isThere { rename(former, target) }
      throw error
    }
    if isThere { try? FileManager.default.removeItem(atPath: former) }
  }
}
