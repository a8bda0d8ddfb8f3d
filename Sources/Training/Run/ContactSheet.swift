import Foundation
import ImageFiles
import Support
import TensorFiles
import Torch

/// Images side by side in one picture, row under row.
struct ContactSheet {
  let image: GrayscaleImage

  /// - Parameter rows: batches of single-channel images in [-1, 1], all of one size.
  init(rows: [Tensor]) throws {
    let lines_CHW = try rows.map { row_BCHW in
      try Tensor.cat((0..<row_BCHW.shape[0]).map { try row_BCHW.select(dim: 0, index: $0) }, dim: 2)
    }
    let sheet_CHW = try Tensor.cat(lines_CHW, dim: 1)
    let pixels = try sheet_CHW.contiguous().floats().map(GrayscaleImage.level)
    image = try GrayscaleImage(width: sheet_CHW.shape[2], height: sheet_CHW.shape[1], pixels: pixels)
  }

  func write(to url: URL) throws {
    try AtomicFile.write(image.pngBytes(), to: url.path)
  }
}
