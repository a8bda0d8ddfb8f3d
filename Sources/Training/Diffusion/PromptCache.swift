import Foundation
import Models
import RadiographData
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

  static func load(
    _ url: URL, key: String, captions: [[String]], encoder: () throws -> any TextConditioner, tokenLimit: Int,
    progress: (Int, Int) -> Void
  ) throws -> PromptCache {
    var numbers: [String: Int] = [:]
    var distinct: [String] = []
    let texts_NK = captions.map { texts in
      texts.map { text in
        if let number = numbers[text] { return number }
        numbers[text] = distinct.count
        distinct.append(text)
        return distinct.count - 1
      }
    }
    if let file = try? SafetensorsFile(path: url.path), file.metadata["key"] == key {
      let starts = try Tensor(file.tensor("starts")).int64s().map(Int.init)
      if starts.count == distinct.count + 1 {
        return PromptCache(hidden_TD: try Tensor(file.tensor("hidden")), starts: starts, texts_NK: texts_NK)
      }
    }

    let encoder = try encoder()
    var parts: [Tensor] = []
    var starts = [0]
    for begin in stride(from: 0, to: distinct.count, by: 64) {
      let texts = Array(distinct[begin..<min(begin + 64, distinct.count)])
      for encoding in try encoder.encode(texts, maximumLength: tokenLimit, paddedTo: nil) {
        parts.append(try encoding.hiddenStates_LD.to(.cpu).to(.float16))
        starts.append((starts.last ?? 0) + encoding.tokenCount)
      }
      progress(min(begin + 64, distinct.count), distinct.count)
    }
    let hidden_TD = try Tensor.cat(parts)
    try SafetensorsWriter.write(
      ["hidden": hidden_TD, "starts": Tensor(indices: starts)], metadata: ["key": key], to: url.path)
    return PromptCache(hidden_TD: hidden_TD, starts: starts, texts_NK: texts_NK)
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
