import Foundation
import TensorFiles
import Torch

/// Features that are computed once for a run and stored in pieces as they come, so that a stop loses almost nothing. The
/// pieces become one file at the end.
///
/// The first dimension of every tensor of a piece is joined; how many rows an item has is the maker's business.
struct EncodedPieces {
  /// The file that holds the whole.
  let file: URL
  /// Changes when anything does that the features are made of.
  let key: String
  /// How many items there are in all.
  let count: Int
  /// How many items are encoded at a time; pieces hold a multiple of it, so that a resumed encoding makes the batches of
  /// one that was not stopped.
  let batch: Int
  /// How many items are stored at a time.
  var pieceSize = 512
  /// Whether this process encodes what is not stored; if not, another has.
  var encodes = true

  /// The whole if it was made of the same: nil if it has to be encoded.
  func stored() -> SafetensorsFile? {
    guard let stored = try? SafetensorsFile(path: file.path), stored.metadata["key"] == key else { return nil }
    return stored
  }

  /// Encodes what no piece holds yet.
  ///
  /// - Parameters:
  ///   - limits: asked before every batch. What was encoded until then is stored.
  ///   - skipping: called with the number of items that pieces hold already, before the first batch.
  ///   - progress: called with the number of items done so far.
  ///   - encode: the tensors of some items that follow on one another.
  /// - Returns: all pieces' tensors, joined.
  /// - Throws: ``EncodingStopped`` if a limit was reached, ``TrainingError/otherFeatures(path:)`` if this process encodes
  ///   nothing, `FileAccessError`, and what `encode` throws.
  func encoded(
    limits: RunLimits, skipping: (Int) throws -> Void = { _ in }, progress: (Int) -> Void,
    encode: (Range<Int>) throws -> [String: Tensor]
  ) throws -> [String: Tensor] {
    guard encodes else { throw TrainingError.otherFeatures(path: file.path) }
    try RunFolder.createFolder(folder)
    var pieces = pieces()
    var position = pieces.last?.items.upperBound ?? 0
    try skipping(position)
    if position > 0 { progress(position) }
    var pending: [[String: Tensor]] = []
    var begin = position
    func store() throws {
      guard position > begin else { return }
      let tensors = try Self.joined(pending)
      let url = folder.appendingPathComponent("\(begin)-\(position).safetensors")
      try SafetensorsWriter.write(tensors, metadata: ["key": key], to: url.path)
      pieces.append(Piece(items: begin..<position, url: url))
      (pending, begin) = ([], position)
    }
    while position < count {
      if let reason = limits.reached() {
        try store()
        throw EncodingStopped(reason: reason)
      }
      let end = min(position + batch, count)
      pending.append(try encode(position..<end))
      position = end
      progress(position)
      if position - begin >= pieceSize || position == count { try store() }
    }
    return try Self.joined(pieces.map { try SafetensorsFile(path: $0.url.path).loadTensors() })
  }

  /// Stores the whole and removes the pieces.
  ///
  /// - Throws: `FileAccessError`, `TorchError`.
  func store(_ whole: [String: Tensor]) throws {
    try SafetensorsWriter.write(whole, metadata: ["key": key], to: file.path)
    try? FileManager.default.removeItem(at: folder)
  }

  private struct Piece {
    var items: Range<Int>
    var url: URL
  }

  private var folder: URL { file.deletingPathExtension().appendingPathExtension("pieces") }

  /// The pieces that follow on one another from the first item; others, and those of another key, are removed.
  private func pieces() -> [Piece] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.compactMap { name -> Piece? in
      let ends = name.split(separator: ".")[0].split(separator: "-").compactMap { Int($0) }
      guard name.hasSuffix(".safetensors"), ends.count == 2, ends[0] < ends[1] else { return nil }
      return Piece(items: ends[0]..<ends[1], url: folder.appendingPathComponent(name))
    }.sorted { $0.items.lowerBound < $1.items.lowerBound }
    var chain: [Piece] = []
    for piece in found {
      let position = chain.last?.items.upperBound ?? 0
      let isOurs = (try? SafetensorsFile(path: piece.url.path))?.metadata["key"] == key
      if isOurs, piece.items.lowerBound == position, piece.items.upperBound <= count {
        chain.append(piece)
      } else {
        try? FileManager.default.removeItem(at: piece.url)
      }
    }
    return chain
  }

  private static func joined(_ pieces: [[String: Tensor]]) throws -> [String: Tensor] {
    guard let first = pieces.first else { return [:] }
    return try first.keys.reduce(into: [:]) { whole, name in
      whole[name] = try Tensor.cat(pieces.compactMap { $0[name] })
    }
  }
}

/// A stop while features were encoded; what was done is stored.
struct EncodingStopped: Error, Equatable {
  var reason: RunLimits.Reason
}
