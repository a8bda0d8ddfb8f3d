import Models
import RadiographData
import Tokenization

/// The texts of images, made when they are asked for: the same ones every time.
protocol CaptionSource {
  var imageCount: Int { get }
  /// How many texts each image has.
  var textsPerImage: Int { get }

  /// The texts of some images that follow on one another.
  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions]
}

/// The texts of a dataset's images, within what the text encoder takes.
struct DatasetCaptions: CaptionSource {
  let textsPerImage: Int
  private let records: RadiographRecords
  private let writer: CaptionWriter
  private let limit: CaptionWriter.TokenLimit
  private let seed: UInt64

  /// - Parameters:
  ///   - encoder: The name of the text encoder.
  ///   - maximum: The most tokens of a text.
  /// - Throws: `TextEncoderError`, `TokenizationError`.
  init(_ records: RadiographRecords, count: Int, seed: UInt64, encoder: String, maximum: Int) throws {
    (self.records, textsPerImage, self.seed) = (records, count, seed)
    writer = try CaptionWriter.standard()
    let tokenizer = try WordPieceTokenizer(contentsOf: TextEncoder.locate(name: encoder))
    limit = CaptionWriter.TokenLimit(maximum: maximum) { text in
      (try? tokenizer.encode(text, maximumLength: .max).ids.count) ?? .max
    }
  }

  var imageCount: Int { records.count }

  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions] {
    try records.records(images).map {
      writer.captions(of: $0, count: textsPerImage, seed: seed, limit: limit, enlargedTo: records.imageSize)
    }
  }
}

/// A text for each of so many pairs, which go through all images, then through them again with the next text of each.
struct PairCaptions: CaptionSource {
  /// How many pairs there are.
  let imageCount: Int
  let images: any CaptionSource
  /// How many of an image's texts belong together: a text, and those that it is led away from.
  let textsPerImage: Int

  func captions(ofImages pairs: Range<Int>) throws -> [CaptionWriter.Captions] {
    var result: [CaptionWriter.Captions] = []
    while result.count < pairs.count {
      let (round, first) = (pairs.lowerBound + result.count).quotientAndRemainder(dividingBy: images.imageCount)
      let count = min(pairs.count - result.count, images.imageCount - first)
      result += try images.captions(ofImages: first..<(first + count)).map {
        let start = round % ($0.texts.count / textsPerImage) * textsPerImage
        return CaptionWriter.Captions(texts: Array($0.texts[start..<start + textsPerImage]), cut: 0)
      }
    }
    return result
  }
}

extension CaptionSource {
  /// Calls `body` with the captions of every image, in order.
  ///
  /// - Throws: ``EncodingStopped`` if a limit was reached; what `body` throws.
  func forEach(limits: RunLimits, _ body: (Int, CaptionWriter.Captions) throws -> Void) throws {
    let chunk = RadiographRecords.chunk
    for start in stride(from: 0, to: imageCount, by: chunk) {
      if let reason = limits.reached() { throw EncodingStopped(reason: reason) }
      let images = start..<min(start + chunk, imageCount)
      for (image, captions) in zip(images, try captions(ofImages: images)) { try body(image, captions) }
    }
  }
}
