import Foundation
import Support
import SystemPackage
import TensorFiles
import Torch

/// A model on disk: a folder with `model.json`, the weights of each part, and the card.
public struct ModelFolder: Sendable {
  public static let descriptionName = "model.json"
  public static let cardName = "README.md"

  /// The files that the model's hash covers and that must be there.
  static let essentialNames = [descriptionName] + ModelPart.all.map(\.fileName)
  /// Every file that a model folder may hold.
  static let fileNames = essentialNames + [cardName]

  public let path: String
  public let description: ModelDescription

  /// Reads `model.json`, and sees that the other files are there.
  ///
  /// - Throws: ``ModelError`` if the folder or a file of it is missing, or the description cannot be meant;
  ///   `FileAccessError`.
  public init(path: String) throws {
    let folder = FilePath(path)
    guard folder.isFolder else { throw ModelError.missing(path: path) }
    self.path = path
    for name in Self.essentialNames where !folder.appending(name).exists {
      throw ModelError.missingFile(folder: path, name: name)
    }
    let file = folder.appending(Self.descriptionName).string
    let mapped = try MappedFile(path: file)
    // The mapping goes with its last use, which must not be before the copy is made.
    let json = withExtendedLifetime(mapped) { Data(mapped.bytes.prefix(ModelDescription.sizeLimit + 1)) }
    description = try ModelDescription(json: json, path: file)
  }

  private func file(_ name: String) -> FilePath { FilePath(path).appending(name) }

  /// The weights of one part, mapped and not copied.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`.
  func file(of part: ModelPart) throws -> SafetensorsFile {
    try SafetensorsFile(path: file(part.fileName).string)
  }

  /// SHA-256 over the description and the weights: what images name as their model.
  ///
  /// - Throws: `FileAccessError` if a file cannot be read.
  public func hash() throws -> String {
    let hashes = try Self.essentialNames.map { ($0, try ContentHash.ofFile(file($0).string)) }
    return ContentHash.of(listing: Dictionary(uniqueKeysWithValues: hashes))
  }

  /// Bytes of all files that belong to the model.
  public func byteCount() -> Int {
    Self.fileNames.reduce(0) { $0 + (file($1).byteCount ?? 0) }
  }
}
