import RadiographData
import Support

/// Texts that ask for what radiographs show too rarely, for the patients of a part's images: as many of them as there are texts,
/// at equal distances, since images lie source by source; if there are fewer, over and over.
struct WishedCaptions: CaptionSource {
  let wishes: [Wish]

  var imageCount: Int { wishes.count }
  let textsPerImage = 1

  /// - Parameter seed: What a text is drawn from, by its number.
  /// - Throws: `DatasetError`.
  init(_ records: RadiographRecords, by writer: WishWriter, count: Int, seed: (Int) -> UInt64) throws {
    let chosen = records.indices.evenlySpaced(count)
    var patients: [RadiographAttributes] = []
    try records.forEach { index, record in
      if patients.count < chosen.count, chosen[patients.count] == index { patients.append(record.attributes) }
    }
    wishes = (0..<count).map { writer.wish(for: patients[$0 % patients.count], seed: seed($0)) }
  }

  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions] {
    wishes[images].map { CaptionWriter.Captions(texts: [$0.text], cut: 0) }
  }
}
