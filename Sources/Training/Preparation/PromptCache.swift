import Foundation
import Models
import TensorFiles
import Torch

// N images, K texts of each, T tokens of all texts together, S tokens of a batch's longest text, D hidden width

/// The hidden states of every text that training uses: each distinct text encoded once, packed end to end.
struct PromptCache {
  private let hidden_TD: Tensor
  /// Where text i begins in `hidden_TD`; one more entry than there are texts.
  private let starts: [Int]
  /// Which texts image n has.
  private let texts_NK: [[Int]]

  /// How many texts the encoder takes at a time.
  static let batch = 64

  /// The stored hidden states if they were made of the same texts, otherwise freshly encoded ones.
  ///
  /// - Parameters:
  ///   - file: where the hidden states are stored.
  ///   - key: changes when the texts or the encoder do.
  ///   - captions: the texts of each image.
  ///   - encodes: whether this process encodes what is not stored; if not, another has.
  ///   - progress: called with the number of distinct texts done so far, and of all.
  /// - Throws: ``EncodingStopped``, `TextEncoderError`, `FileAccessError`, `TorchError`.
  init(
    _ file: URL, key: String, captions: [[String]], encoder: () throws -> any TextConditioner, tokenLimit: Int,
    limits: RunLimits, encodes: Bool = true, progress: (Int, Int) -> Void
  ) throws {
    var numbers: [String: Int] = [:]
    var distinct: [String] = []
    texts_NK = captions.map { texts in
      texts.map { text in
        if let number = numbers[text] { return number }
        numbers[text] = distinct.count
        distinct.append(text)
        return distinct.count - 1
      }
    }
    let pieces = EncodedPieces(file: file, key: key, count: distinct.count, batch: Self.batch, encodes: encodes)
    if let stored = pieces.stored() {
      let found = try Tensor(stored.tensor("starts")).int64s().map(Int.init)
      if found.count == distinct.count + 1 {
        (starts, hidden_TD) = (found, try Tensor(stored.tensor("hidden")))
        return
      }
    }
    let encoder = try encoder()
    let whole = try pieces.encoded(limits: limits, progress: { progress($0, distinct.count) }) { items in
      let encodings = try encoder.encode(Array(distinct[items]), maximumLength: tokenLimit, paddedTo: nil)
      return [
        "hidden": try Tensor.cat(encodings.map { try $0.hiddenStates_LD.to(.cpu).to(.float16) }),
        "lengths": try Tensor(indices: encodings.map(\.tokenCount)),
      ]
    }
    hidden_TD = try whole["hidden"] ?? Tensor.zeros([0, 1])
    starts = try (whole["lengths"]?.int64s() ?? []).reduce(into: [0]) { $0.append(($0.last ?? 0) + Int($1)) }
    try pieces.store(["hidden": hidden_TD, "starts": Tensor(indices: starts)])
  }

  /// How many texts image `image` has.
  func count(of image: Int) -> Int { texts_NK[image].count }

  /// The hidden states of one text of each image, padded with zeros to the longest, and which of them are real.
  func batch(_ choices: [(image: Int, text: Int)]) throws -> (hidden_BSD: Tensor, mask_BS: Tensor) {
    let ranges = choices.map { choice in
      let number = texts_NK[choice.image][choice.text]
      return starts[number]..<starts[number + 1]
    }
    let longest = ranges.map(\.count).max() ?? 1
    let rows = try ranges.map { range in
      try hidden_TD.narrow(dim: 0, start: range.lowerBound, length: range.count).to(.float32)
        .pad(pad: [0, 0, 0, longest - range.count])
    }
    let lengths = try Tensor(ranges.map { Int64($0.count) }, shape: [ranges.count, 1])
    return (try Tensor.stack(rows), try Tensor.arange(longest).unsqueeze(dim: 0).lt(other: lengths))
  }
}
