import Foundation
import RadiographModels
import Support
import Tokenization

extension TextEncoder {
  /// The SHA-256 over all files of an encoder's folder that its hidden states depend on: weights, architecture and
  /// tokenizer. It changes if one of them does, and is the same in every folder and under every name.
  ///
  /// A process reads each file once, and again only if it was changed.
  ///
  /// - Throws: `TextEncoderError` for a folder that lacks a file or holds another kind of model; `FileAccessError`.
  public static func contentHash(of folder: URL) throws -> String {
    let weights = try BertCheckpoint(folder: folder).weights
    let others = (["config.json"] + WordPieceTokenizer.fileNames).map(folder.appendingPathComponent)
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    var hashes: [String: String] = [:]
    for file in [weights] + others { hashes[file.lastPathComponent] = try ContentHash.ofUnchangedFile(file.path) }
    return ContentHash.of(listing: hashes)
  }
}
