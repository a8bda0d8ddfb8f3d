@testable import RadiographData
@testable import Training

/// Texts that a test gives.
struct ListedCaptions: CaptionSource, Sendable {
  let imageCount: Int
  let textsPerImage: Int
  private let texts: @Sendable (Int) -> [String]

  /// - Parameter texts: `textsPerImage` texts of an image.
  init(imageCount: Int, textsPerImage: Int, texts: @escaping @Sendable (Int) -> [String]) {
    (self.imageCount, self.textsPerImage, self.texts) = (imageCount, textsPerImage, texts)
  }

  init(_ list: [[String]]) {
    self.init(imageCount: list.count, textsPerImage: list[0].count) { list[$0] }
  }

  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions] {
    images.map { CaptionWriter.Captions(texts: texts($0), cut: 0) }
  }
}
