import Foundation
import ImageFiles
import Support

@testable import RadiographImport

/// Pictures of phantoms, whole and spoilt as a generative model or a file format spoils them.
enum PhantomPictures {
  static func image(_ description: PhantomDescription, size: Int = 64) throws -> GrayscaleImage {
    try PhantomDrawing(description).image(size: size)
  }

  /// The picture after a Gaussian blur, with normal noise.
  ///
  /// - Parameters:
  ///   - blur: Standard deviation in pixels, above 0.
  ///   - noise: Standard deviation in grey levels.
  static func spoilt(
    _ image: GrayscaleImage, blur: Double, noise: Double, _ generator: inout SplitMix64
  ) throws -> GrayscaleImage {
    let side = image.width
    let reach = Int((3 * blur).rounded(.up))
    let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * blur * blur)) }
    let sum = weights.reduce(0, +)
    var values = image.pixels.map(Double.init)
    for isDown in [false, true] {
      values = (0..<(side * side)).map { place in
        let (row, column) = (place / side, place % side)
        return (-reach...reach).reduce(0) { total, step in
          let moved = min(max((isDown ? row : column) + step, 0), side - 1)
          return total + weights[step + reach] / sum * values[isDown ? moved * side + column : row * side + moved]
        }
      }
    }
    let pixels = values.map { value in
      // Box and Muller's normal numbers.
      let radius = (-2 * log(1 - unit(&generator))).squareRoot()
      return UInt8(min(max((value + noise * radius * cos(2 * .pi * unit(&generator))).rounded(), 0), 255))
    }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  private static func unit(_ generator: inout SplitMix64) -> Double { Double(generator.next() >> 11) * 0x1p-53 }

  static func asJPEG(_ image: GrayscaleImage, quality: Int) throws -> GrayscaleImage {
    try image.jpegBytes(quality: quality).withUnsafeBytes { try GrayscaleImage(decoding: $0) }
  }
}
