import Foundation
import TensorFiles

/// The place in a file of weights where the network's architecture is written, by which it is read again.
struct ArchitectureRecord<Architecture: Codable & Sendable>: Sendable {
  /// The key among the file's metadata.
  let key: String

  /// Whether a file has the record. A file that cannot be read has none.
  func isIn(_ path: String) -> Bool {
    path.hasSuffix(".safetensors") && (try? SafetensorsFile(path: path))?.metadata[key] != nil
  }

  /// The architecture; nil if the file has none that can be read.
  func read(_ file: SafetensorsFile) -> Architecture? {
    file.metadata[key].flatMap { try? JSONDecoder().decode(Architecture.self, from: Data($0.utf8)) }
  }

  /// What a file has to hold beside the weights.
  ///
  /// - Throws: `EncodingError`.
  func metadata(of architecture: Architecture) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return [key: String(decoding: try encoder.encode(architecture), as: UTF8.self)]
  }
}
