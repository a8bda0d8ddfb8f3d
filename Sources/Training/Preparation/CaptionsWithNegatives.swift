import Diffusion
import Models
import RadiographData

/// The texts of images, and behind each of them those that guidance leads it away from.
struct CaptionsWithNegatives: CaptionSource {
  let captions: any CaptionSource
  let reference: GuidanceReference

  var imageCount: Int { captions.imageCount }
  var textsPerImage: Int { captions.textsPerImage * (1 + reference.textCount) }

  func captions(ofImages images: Range<Int>) throws -> [CaptionWriter.Captions] {
    try captions.captions(ofImages: images).map { captions in
      CaptionWriter.Captions(
        texts: try captions.texts.flatMap { text in
          // As many behind each text: their mean is the same if they are repeated, and of a text that has none nothing is
          // led away from itself.
          let negatives = try reference.texts(for: text).map { $0.isEmpty ? text : $0 }
          return [text] + (0..<reference.textCount).map { negatives[$0 % negatives.count] }
        }, cut: captions.cut)
    }
  }
}
