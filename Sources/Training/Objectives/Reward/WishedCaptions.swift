import RadiographData
import Support

/// Texts that ask for what radiographs show too rarely, for the patients of a part's images: as many of them as there are texts,
/// at equal distances, since images lie source by source; if there are fewer, over and over.
struct WishedCaptions: CaptionSource {
  let wishes: [Wish]
  /// The number of the image that each text's patient is of.
  let patients: [Int]

  var imageCount: Int { wishes.count }
  let textsPerImage = 1

  /// - Parameter seed: What a text is drawn from, by its number.
  /// - Throws: `DatasetError`.
  init(_ records: RadiographRecords, by writer: WishWriter, count: Int, seed: (Int) -> UInt64) throws {
    let chosen = records.indices.evenlySpaced(count)
    var attributes: [RadiographAttributes] = []
    try records.forEach { index, record in
      if attributes.count < chosen.count, chosen[attributes.count] == index { attributes.append(record.attributes) }
    }
    patients = (0..<count).map { chosen[$0 % chosen.count] }
    wishes = (0..<count).map { writer.wish(for: attributes[$0 % attributes.count], seed: seed($0)) }
  }

  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions] {
    wishes[images].map { CaptionWriter.Captions(texts: [$0.text], cut: 0) }
  }
}
