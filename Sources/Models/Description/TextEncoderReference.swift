import Foundation
import RadiographModels
import Support
import SystemPackage

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

extension TextEncoderReference {
  /// The installed encoder of that name, with the hash of its weights: what a model that was trained with it refers to.
  ///
  /// - Throws: `TextEncoderError.notFound` if there is none; `FileAccessError`.
  public init(atHand name: String) throws {
    let checkpoint = try BertCheckpoint(folder: TextEncoder.locate(name: name))
    self.init(name: name, hash: try ContentHash.ofFile(checkpoint.weights.path))
  }

  /// Compares the weights in `folder` with the hash that the model was trained with.
  ///
  /// - Returns: The hash of the weights, also if the model names none.
  /// - Throws: ``ModelError/textEncoderChanged(name:folder:expected:found:)``; `TextEncoderError`; `FileAccessError`.
  @discardableResult public func verify(folder: URL) throws -> String {
    let found = try ContentHash.ofFile(BertCheckpoint(folder: folder).weights.path)
    guard let hash, found != hash else { return found }
    throw ModelError.textEncoderChanged(name: name, folder: folder.path, expected: hash, found: found)
  }
}
