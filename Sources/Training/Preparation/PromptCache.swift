import Foundation
import Models
import Support
import TensorFiles
import Torch

// T tokens of all texts together, B batch, S tokens of a batch's longest text, D hidden width

/// The hidden states of every text that training uses: each distinct text encoded once, packed end to end, float16.
struct PromptCache {
  private let numbers: TextNumbers
  private let shards: FeatureShards

  /// How many texts the encoder takes at a time.
  static let batch = 64

  private static let (hidden, lengths) = ("hidden", "lengths")

  /// The file that says which text each image has.
  private static func numbersFile(in folder: URL) -> URL {
    folder.appendingPathComponent("numbers-of-texts.safetensors")
  }

  /// Opens the texts in a folder, if they are whole. Another process may have encoded them.
  ///
  /// - Returns: nil if something is missing, damaged, or made of different texts.
  static func open(_ folder: URL) -> PromptCache? {
    guard let numbers = try? TextNumbers(contentsOf: numbersFile(in: folder)),
      let shards = FeatureShards.open(folder, key: numbers.key), shards.count == numbers.count
    else { return nil }
    return PromptCache(numbers: numbers, shards: shards)
  }

  /// Encodes what is not stored yet.
  ///
  /// - Parameters:
  ///   - folder: Where the texts are stored.
  ///   - key: Changes when the encoder or the images do.
  ///   - captions: The texts of the images.
  ///   - encoder: Called if something has to be encoded.
  ///   - cut: Called with the number of texts that were cut.
  ///   - note: Called with a remark on what was stored and cannot be used.
  ///   - progress: Called with the number of distinct texts done so far, and of all.
  /// - Throws: ``EncodingStopped``, `TextEncoderError`, `DatasetError`, `FileAccessError`, `TorchError`.
  static func encode(
    _ captions: any CaptionSource, in folder: URL, key: String, encoder: () throws -> any TextConditioner,
    tokenLimit: Int, limits: RunLimits, cut: (Int) -> Void = { _ in }, note: @escaping (String) -> Void,
    progress: @escaping (Int, Int) -> Void
  ) throws -> PromptCache {
    try RunFolder.createFolder(folder)
    let numbers = try numbers(of: captions, in: folder, key: key, limits: limits, cut: cut)
    var conditioner: (any TextConditioner)?
    var texts = DistinctTexts(numbers, captions: captions)
    let encoding = FeatureEncoding(
      plan: FeaturePlan(folder: folder, key: numbers.key, count: numbers.count, batch: batch), limits: limits,
      note: note, progress: { progress($0, numbers.count) })
    let shards = try encoding.shards { items in
      let taken = try conditioner ?? encoder()
      conditioner = taken
      let encodings = try taken.encode(texts.texts(items), maximumLength: tokenLimit, paddedTo: nil)
      return [
        hidden: try Tensor.cat(encodings.map { try $0.hiddenStates_LD.to(.cpu).to(.float16) }),
        lengths: try Tensor(indices: encodings.map(\.tokenCount)).to(.int32),
      ]
    }
    return PromptCache(numbers: numbers, shards: shards)
  }

  /// The stored numbers if they are of the same texts, and otherwise new ones, which are stored.
  private static func numbers(
    of captions: any CaptionSource, in folder: URL, key: String, limits: RunLimits, cut: (Int) -> Void
  ) throws -> TextNumbers {
    let url = numbersFile(in: folder)
    let stored = try? TextNumbers(contentsOf: url)
    var hash = RunningHash()
    hash.update(part: key)
    var numbering = TextNumbering()
    var numbers: [Int32] = []
    var shortened = 0
    let isKnown = stored?.imageCount == captions.imageCount && stored?.textsPerImage == captions.textsPerImage
    if !isKnown { numbers.reserveCapacity(captions.imageCount * captions.textsPerImage) }
    try captions.forEach(limits: limits) { _, captions in
      shortened += captions.cut
      for text in captions.texts {
        hash.update(part: text)
        if !isKnown { numbers.append(numbering.number(of: text)) }
      }
    }
    if let stored, isKnown {
      if stored.key == hash.hexadecimal {
        cut(shortened)
        return stored
      }
      // As many texts, but other ones: they are numbered again.
      try FileManager.default.removeItem(at: url)
      return try self.numbers(of: captions, in: folder, key: key, limits: limits, cut: cut)
    }
    cut(shortened)
    try TextNumbers.write(
      to: url, key: hash.hexadecimal, numbers: numbers, count: numbering.count, textsPerImage: captions.textsPerImage)
    return try TextNumbers(contentsOf: url)
  }

  /// Changes when a text does, or what encodes it.
  var key: String { numbers.key }

  /// How many texts each image has.
  var textsPerImage: Int { numbers.textsPerImage }

  /// The hidden states of one text of each image, padded with zeros to the longest, and which of them are real.
  ///
  /// - Throws: `TensorFileError`, ``TrainingError/damagedFeatures(path:)``, `TorchError`.
  func batch(_ choices: [(image: Int, text: Int)]) throws -> (hidden_BSD: Tensor, mask_BS: Tensor) {
    let places = try choices.map { choice in
      let (shard, index) = shards.place(of: numbers[choice.image, choice.text])
      let rows = try Self.rows(of: index, lengths: shard.tensor(Self.lengths))
      return (tensor: try shard.tensor(Self.hidden), rows: rows)
    }
    let longest = places.map(\.rows.count).max() ?? 1
    let rowBytes = places.first?.tensor.rowBytes ?? 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(places.count * longest * rowBytes)
    for (row, place) in places.enumerated() {
      try place.tensor.withRows(place.rows) { bytes.append(contentsOf: $0) }
      // The bytes of zeros of every type.
      bytes.append(contentsOf: repeatElement(0, count: (row + 1) * longest * rowBytes - bytes.count))
    }
    let width = places.first?.tensor.shape.last ?? 0
    let hidden_BSD = try Tensor(bytes: bytes, shape: [places.count, longest, width], dtype: .float16).to(.float32)
    let lengths = try Tensor(places.map { Int64($0.rows.count) }, shape: [places.count, 1])
    return (hidden_BSD, try Tensor.arange(longest).unsqueeze(dim: 0).lt(other: lengths))
  }

  /// The rows of a text among those of its file, of which the lengths of at most a file's texts are added up.
  private static func rows(of index: Int, lengths: MappedTensor) throws -> Range<Int> {
    try lengths.withRows(0..<(index + 1)) { bytes in
      var (start, length) = (0, 0)
      for text in 0...index {
        start += length
        length = Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * text, as: Int32.self)))
        guard length >= 0 else { throw TrainingError.damagedFeatures(path: lengths.file.path) }
      }
      return start..<(start + length)
    }
  }
}
