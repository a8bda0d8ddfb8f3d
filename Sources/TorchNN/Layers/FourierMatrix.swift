import Foundation
import Torch

// B batch, C channels, H height, W width

/// The discrete Fourier transform of one length as two symmetric matrices: exact for every length, with gradients, and at the
/// sizes of images two products of matrices are as fast as they need to be.
public struct FourierMatrix {
  public let size: Int
  private let cosine: Tensor
  private let sine: Tensor

  /// - Throws: `TorchError` if memory runs out.
  public init(_ size: Int, dtype: DType = .float64, device: Device = .cpu) throws {
    self.size = size
    let angles = (0..<size * size).map { index in
      2 * Double.pi * Double((index / size) * (index % size) % size) / Double(size)
    }
    cosine = try Tensor(angles.map(cos), shape: [size, size]).to(dtype).to(device)
    sine = try Tensor(angles.map(sin), shape: [size, size]).to(dtype).to(device)
  }

  /// Cycles a pixel, -0.5 ... 0.5, of the frequency at an index.
  public func frequency(_ index: Int) -> Double {
    Double(index <= size / 2 ? index : index - size) / Double(size)
  }

  /// The borders of `count` bands of equal width in cycles a pixel, rising from 0 to 0.5, the finest that pixels can hold.
  public static func equalBands(_ count: Int) -> [Double] {
    (0...max(count, 1)).map { 0.5 * Double($0) / Double(max(count, 1)) }
  }

  /// The band in which each frequency's radius lies, row by row, its upper edge included; nil for the frequency of the mean,
  /// and for those outside of all bands.
  ///
  /// - Parameter edges: The borders of the bands in cycles a pixel, rising.
  public static func bands(rows: FourierMatrix, columns: FourierMatrix, edges: [Double]) -> [Int?] {
    var bands: [Int?] = []
    bands.reserveCapacity(rows.size * columns.size)
    for y in 0..<rows.size {
      for x in 0..<columns.size {
        let radius = hypot(rows.frequency(y), columns.frequency(x))
        // A rounding error of the radius must not move a frequency over the edge it lies on.
        let above = x + y > 0 ? edges.firstIndex { radius <= $0 + 1e-12 } : nil
        bands.append(above.flatMap { $0 > 0 ? $0 - 1 : nil })
      }
    }
    return bands
  }

  /// Real and imaginary part of F = (C - iS) X (C - iS)^T of real images X, in the places of the frequencies.
  ///
  /// - Parameters:
  ///   - x_BCHW: Images, or one image without the leading dimensions.
  ///   - rows: The transform of their height.
  ///   - columns: That of their width.
  /// - Throws: `TorchError` for images of other sizes, or if memory runs out.
  public static func transform(
    _ x_BCHW: Tensor, rows: FourierMatrix, columns: FourierMatrix
  ) throws -> (real: Tensor, imaginary: Tensor) {
    let cosine = try rows.cosine.matmul(x_BCHW)
    let sine = try rows.sine.matmul(x_BCHW)
    return (
      try cosine.matmul(columns.cosine) - sine.matmul(columns.sine),
      try -(cosine.matmul(columns.sine) + sine.matmul(columns.cosine))
    )
  }
}
