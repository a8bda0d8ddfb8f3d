import Foundation
import Support
import SystemPackage
import TensorFiles
import Torch

/// A model on disk: a folder with `model.json`, the weights of each part, and the card.
public struct ModelFolder: Sendable {
  public static let descriptionName = "model.json"
  public static let cardName = "README.md"
  /// The hashes of the weights as they were written, as `sha256sum` prints them: `sha256sum -c` checks them too. The
  /// description is not among them, it may be edited.
  public static let sumsName = "SHA256SUMS"

  /// The hashes of the images that the model was trained on, which `thorax export` writes beside it.
  public static let trainingRecordName = "trained-on.txt"

  static let weightsNames = ModelPart.all.map(\.fileName)
  /// The files that the model's hash covers and that must be there.
  static let essentialNames = [descriptionName] + weightsNames
  /// Every file that a model folder may hold.
  static let fileNames = essentialNames + [cardName, sumsName, trainingRecordName]

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

  /// SHA-256 over the description and the weights: what images name as their model. Reads every byte of them, and
  /// compares the weights with the hashes that were written beside them, if the model has any.
  ///
  /// - Throws: ``ModelError/changedFile(folder:name:)`` for a file that is not as it was written; `FileAccessError` if one
  ///   cannot be read.
  public func hash() throws -> String {
    let written = try writtenHashes()
    let hashes = try Self.essentialNames.map { name in
      let hash = try ContentHash.ofFile(file(name).string)
      if let wanted = written[name], wanted != hash { throw ModelError.changedFile(folder: path, name: name) }
      return (name, hash)
    }
    return ContentHash.of(listing: Dictionary(uniqueKeysWithValues: hashes))
  }

  /// The hashes in ``sumsName`` by file; none if the model was written without them.
  private func writtenHashes() throws -> [String: String] {
    guard file(Self.sumsName).exists else { return [:] }
    let text = String(decoding: try BoundedFile.contents(of: file(Self.sumsName).string, limit: 1 << 16), as: UTF8.self)
    // Two blanks, or a blank and the asterisk of binary mode.
    let lines = text.split(whereSeparator: \.isNewline).map { line in
      (String(line.dropFirst(66)), String(line.prefix(64)).lowercased())
    }
    return Dictionary(lines, uniquingKeysWith: { first, _ in first })
  }

  /// Writes the hashes of the weights in a folder.
  static func writeHashes(in folder: FilePath) throws {
    let hashes = try weightsNames.map { ($0, try ContentHash.ofFile(folder.appending($0).string)) }
    let listing = ContentHash.listing(Dictionary(uniqueKeysWithValues: hashes))
    try AtomicFile.write(Array(listing.utf8), to: folder.appending(sumsName).string)
  }

  /// Bytes of all files that belong to the model.
  public func byteCount() -> Int {
    Self.fileNames.reduce(0) { $0 + (file($1).byteCount ?? 0) }
  }
}
