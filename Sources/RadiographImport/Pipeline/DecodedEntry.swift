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
    /// SHA-256 of the file, or of what was drawn.
    let contentHash: String
    /// Whether the file says of itself that a program has drawn it.
    let isSynthetic: Bool
  }

  enum Content: Sendable {
    case image(Image)
    case missing
    case unreadable(String)
    /// A program has drawn it, and such images are not asked for.
    case synthetic
  }

  /// Whether nothing of it goes into the dataset.
  var isLeftOut: Bool {
    switch content {
    case .unreadable, .synthetic: true
    case .image, .missing: false
    }
  }

  let entry: ImportEntry
  let content: Content
  /// What is known of places in the image: what people marked, and what was drawn.
  let findings: [ImageFinding]

  var image: Image? {
    if case .image(let image) = content { return image }
    return nil
  }

  /// Reads, decodes and prepares an entry's image.
  init(_ entry: ImportEntry, preprocessing: ImagePreprocessing, limits: ImageLimits, allowsSynthetic: Bool = false) {
    self.entry = entry
    content = Self.content(
      of: entry, preprocessing: preprocessing, limits: limits, allowsSynthetic: allowsSynthetic)
    findings = Self.findings(of: entry, content, fit: preprocessing.fit)
  }

  private static func findings(of entry: ImportEntry, _ content: Content, fit: SquareFit) -> [ImageFinding] {
    guard case .image(let image) = content else { return [] }
    guard !entry.boxes.isEmpty else { return entry.findings }
    return entry.findings
      + BoxPlacement.findings(entry.boxes, in: image.pixels, width: image.width, height: image.height, fit: fit)
  }

  private static func content(
    of entry: ImportEntry, preprocessing: ImagePreprocessing, limits: ImageLimits, allowsSynthetic: Bool
  ) -> Content {
    guard let pixels = entry.pixels else { return .missing }
    do {
      let image = try pixels.image(preprocessing, limits: limits)
      if image.isSynthetic, !allowsSynthetic { return .synthetic }
      let stored = image.prepared.image
      guard stored.width == preprocessing.size, stored.height == preprocessing.size else {
        return .unreadable("\(stored.width) x \(stored.height) pixels, not \(preprocessing.size) a side")
      }
      return .image(
        Image(
          pixels: stored,
          fingerprint: stored.pixels.withUnsafeBufferPointer { PixelFingerprint($0, size: stored.width) },
          width: image.prepared.originalWidth, height: image.prepared.originalHeight,
          contentHash: image.contentHash, isSynthetic: image.isSynthetic))
    } catch {
      return .unreadable("\(error)")
    }
  }
}
