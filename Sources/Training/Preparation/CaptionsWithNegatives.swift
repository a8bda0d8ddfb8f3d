import Diffusion
import Models
import RadiographData

/// The texts of images, and behind each of them those that guidance leads it away from beside no text.
struct CaptionsWithNegatives: CaptionSource {
  let captions: any CaptionSource
  let reference: GuidanceReference

  var imageCount: Int { captions.imageCount }
  var textsPerImage: Int { captions.textsPerImage * reference.textCount }

  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions] {
    try captions.captions(ofImages: images).map { captions in
      CaptionWriter.Captions(
        texts: try captions.texts.flatMap { text in
          // As many behind each text: one that says nothing, which captions hardly do, is its own opposite.
          let negatives = Array(try reference.texts(for: text).dropFirst())
          return [text] + (negatives.isEmpty ? [String](repeating: text, count: reference.textCount - 1) : negatives)
        }, cut: captions.cut)
    }
  }
}
