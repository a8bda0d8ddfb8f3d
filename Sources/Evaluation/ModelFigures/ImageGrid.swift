import ImageFiles

/// Images of one size side by side.
public enum ImageGrid {
  /// - Parameters:
  ///   - rows: the images row by row; a short row is filled with black.
  ///   - gap: black pixels between images.
  /// - Throws: `MetricError` for no images, or images of different sizes.
  public static func image(_ rows: [[GrayscaleImage]], gap: Int = 2) throws -> GrayscaleImage {
    let columns = rows.map(\.count).max() ?? 0
    guard columns > 0, let first = rows.lazy.flatMap({ $0 }).first else {
      throw MetricError.tooFew(what: "images of a contact sheet", found: 0, minimum: 1)
    }
    let width = columns * first.width + (columns - 1) * gap
    let height = rows.count * first.height + (rows.count - 1) * gap
    var pixels = [UInt8](repeating: 0, count: width * height)
    for (row, images) in rows.enumerated() {
      for (column, image) in images.enumerated() {
        guard image.width == first.width, image.height == first.height else {
          throw MetricError.countMismatch(what: "columns of pixels", expected: first.width, found: image.width)
        }
        for y in 0..<image.height {
          let start = (row * (first.height + gap) + y) * width + column * (first.width + gap)
          pixels.replaceSubrange(
            start..<start + image.width, with: image.pixels[y * image.width..<(y + 1) * image.width])
        }
      }
    }
    return try GrayscaleImage(width: width, height: height, pixels: pixels)
  }
}
