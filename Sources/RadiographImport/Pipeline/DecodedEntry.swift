import Crypto
import Foundation
import ImageFiles
import RadiographData

/// An entry with what its file gave.
struct DecodedEntry: Sendable {
  /// Pixels as they are stored, and what is known of the file.
  struct Image: Sendable {
    let pixels: GrayscaleImage
    let fingerprint: PixelFingerprint
    /// Of the source's image, in pixels.
    let width: Int
    let height: Int
    /// SHA-256 of the file.
    let contentHash: String
  }

  enum Content: Sendable {
    case image(Image)
    case missing
    case unreadable(String)
  }

  let entry: ImportEntry
  let content: Content

  var image: Image? {
    if case .image(let image) = content { return image }
    return nil
  }

  /// Reads, decodes and prepares an entry's image.
  init(_ entry: ImportEntry, preprocessing: ImagePreprocessing, limits: ImageLimits) {
    self.entry = entry
    guard let file = entry.file else {
      content = .missing
      return
    }
    do {
      let data = try ImageFormat.fileContents(file.path, limits: limits)
      let prepared = try RadiographDecoding(data, preprocessing, limits: limits)
      let stored = prepared.image
      content = .image(
        Image(
          pixels: stored,
          fingerprint: stored.pixels.withUnsafeBufferPointer { PixelFingerprint($0, size: stored.width) },
          width: prepared.originalWidth, height: prepared.originalHeight,
          contentHash: SHA256.hash(data: data).hexadecimal))
    } catch {
      content = .unreadable("\(error)")
    }
  }
}
