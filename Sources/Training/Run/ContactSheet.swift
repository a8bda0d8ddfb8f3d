import Foundation
import ImageFiles
import Support
import Torch

/// Images side by side in one picture, row under row.
struct ContactSheet {
  let image: GrayscaleImage

  /// - Parameter rows: batches of single-channel images in [-1, 1], all of one size.
  /// - Throws: `TorchError`.
  init(rows: [Tensor]) throws {
    image = try GrayscaleImage(
      grid: rows.map { row_BCHW in
        let (width, height) = (row_BCHW.shape[3], row_BCHW.shape[2])
        let levels = try row_BCHW.contiguous().floats().map(GrayscaleImage.level)
        return try stride(from: 0, to: levels.count, by: width * height).map { start in
          try GrayscaleImage(width: width, height: height, pixels: Array(levels[start..<start + width * height]))
        }
      })
  }

  func write(to url: URL) throws {
    try AtomicFile.write(image.pngBytes(), to: url.path)
  }
}
