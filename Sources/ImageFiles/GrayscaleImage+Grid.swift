extension GrayscaleImage {
  /// Images side by side, row under row. Each has the room of the largest; what is not covered is black.
  ///
  /// - Parameters:
  ///   - rows: The images row by row.
  ///   - gap: Black pixels between images.
  /// - Throws: ``ImageFileError`` if there is no image.
  public init(grid rows: [[GrayscaleImage]], gap: Int = 0) throws(ImageFileError) {
    let images = rows.flatMap { $0 }
    let columns = rows.map(\.count).max() ?? 0
    let (cellWidth, cellHeight) = (images.map(\.width).max() ?? 0, images.map(\.height).max() ?? 0)
    let width = columns * cellWidth + max(0, columns - 1) * gap
    let height = rows.count * cellHeight + max(0, rows.count - 1) * gap
    var pixels = [UInt8](repeating: 0, count: width * height)
    for (row, images) in rows.enumerated() {
      for (column, image) in images.enumerated() {
        for y in 0..<image.height {
          let start = (row * (cellHeight + gap) + y) * width + column * (cellWidth + gap)
          pixels.replaceSubrange(
            start..<start + image.width, with: image.pixels[y * image.width..<(y + 1) * image.width])
        }
      }
    }
    try self.init(width: width, height: height, pixels: pixels)
  }
}
