import Foundation
import Support
import TensorFiles
import Torch

/// The averaged weights of a stage that validated best, with what is known of them: the file `best.safetensors`.
struct BestWeights {
  var tensors: [String: Tensor]
  /// `step` and `loss`, and what the stage adds.
  var metadata: [String: String]

  init(tensors: [String: Tensor], metadata: [String: String]) {
    (self.tensors, self.metadata) = (tensors, metadata)
  }

  /// Reads what ``write(to:)`` has written. A file of a former version has no hash, and is taken as it is.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`; ``TrainingError/damagedWeights(path:)`` if the weights are not those
  ///   that were written.
  init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    (tensors, metadata) = (try file.loadTensors(), file.metadata)
    guard try tensors.isAsWritten(metadata) else { throw TrainingError.damagedWeights(path: url.path) }
  }

  /// Writes a file that appears whole or not at all.
  ///
  /// - Throws: ``NotFinite`` if a tensor has an element that is infinite or not a number: nothing is written then;
  ///   `FileAccessError`, `TorchError`.
  func write(to url: URL) throws {
    try NotFinite.requireFinite(tensors)
    var metadata = metadata
    metadata[ContentHash.metadataKey] = try tensors.contentHash()
    try SafetensorsWriter.write(tensors, metadata: metadata, to: url.path)
  }
}

extension ContentHash {
  /// The key of ``Swift/Dictionary/contentHash()`` in the metadata of a file of tensors.
  static let metadataKey = "content_sha256"
}

extension [String: Tensor] {
  /// The SHA-256 of all names and elements, in the order of the names.
  ///
  /// - Throws: `TorchError`.
  func contentHash() throws -> String {
    ContentHash.of(parts: try sorted { $0.key < $1.key }.flatMap { [$0.key, ContentHash.of(try $0.value.bytes())] })
  }

  /// Whether these are the tensors that a file's metadata has the hash of; true if it has none.
  ///
  /// - Throws: `TorchError`.
  func isAsWritten(_ metadata: [String: String]) throws -> Bool {
    guard let hash = metadata[ContentHash.metadataKey] else { return true }
    return try hash == contentHash()
  }
}
