import Foundation
import Torch

// B batch, C channels, H height, W width

/// The frequencies of images of one size, row by row in the places where the discrete Fourier transform has them.
public struct FourierPlane {
  public let height: Int
  public let width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The borders of `count` bands of equal width in cycles a pixel, rising from 0 to 0.5, the finest that pixels can hold.
  public static func equalBands(_ count: Int) -> [Double] {
    (0...max(count, 1)).map { 0.5 * Double($0) / Double(max(count, 1)) }
  }

  /// The band in which each frequency's radius lies, row by row, its upper edge included; nil for the frequency of the mean,
  /// and for those outside of all bands.
  ///
  /// - Parameter edges: The borders of the bands in cycles a pixel, rising.
  public func bands(edges: [Double]) -> [Int?] {
    var bands: [Int?] = []
    bands.reserveCapacity(height * width)
    for y in 0..<height {
      for x in 0..<width {
        let radius = hypot(Self.frequency(y, of: height), Self.frequency(x, of: width))
        // A rounding error of the radius must not move a frequency over the edge it lies on.
        let above = x + y > 0 ? edges.firstIndex { radius <= $0 + 1e-12 } : nil
        bands.append(above.flatMap { $0 > 0 ? $0 - 1 : nil })
      }
    }
    return bands
  }

  /// Cycles a pixel, -0.5 ... 0.5, of the frequency at an index.
  private static func frequency(_ index: Int, of size: Int) -> Double {
    Double(index <= size / 2 ? index : index - size) / Double(size)
  }

  /// Real and imaginary part of the discrete Fourier transform of real images, not scaled, in the places of the frequencies.
  ///
  /// - Parameter x_BCHW: Images, or one image without the leading dimensions; float32 or float64.
  /// - Throws: `TorchError` if memory runs out.
  public static func transform(_ x_BCHW: Tensor) throws -> (real: Tensor, imaginary: Tensor) {
    let parts_BCHW2 = try x_BCHW.fftFft2().viewAsReal()
    let last = parts_BCHW2.shape.count - 1
    return (try parts_BCHW2.select(dim: last, index: 0), try parts_BCHW2.select(dim: last, index: 1))
  }
}
