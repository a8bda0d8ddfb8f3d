import Crypto
import Foundation
import ImageFiles

/// What a picture looks like, in 255 bits: images that differ by a new encoding, size or contrast, or by a shift of a
/// hundredth of their side, have hashes that differ in few bits.
///
/// The signs of the 16 x 16 lowest coefficients of the discrete cosine transform (less the mean) of the image averaged
/// down to 32 x 32, in the manner of pHash (Zauner, "Implementation and benchmarking of perceptual image hash
/// functions", 2010). Radiographs of one kind are so alike that the usual 64 bits confuse them.
public struct PerceptualHash: Sendable, Equatable, Hashable {
  /// Bit `16 * row + column` of the coefficients; the first, the mean's, is 0.
  var words: SIMD4<UInt64>

  /// At most so many bits differ between images that count as near-duplicates: `docs/data-store.md` has the
  /// measurement.
  public static let threshold = 40

  private static let side = 32
  private static let kept = 16

  /// Cosines of the transform: row `frequency`, column `position`.
  private static let cosines: [Float] = (0..<kept).flatMap { frequency in
    (0..<side).map { position in
      Float(cos(Double.pi * Double(frequency) * (Double(position) + 0.5) / Double(side)))
    }
  }

  init(words: SIMD4<UInt64>) { self.words = words }

  /// - Parameters:
  ///   - pixels: `size * size` grey values, row by row.
  /// - Returns: nil for an image of one value, whose coefficients are all 0.
  package init?(_ pixels: UnsafeBufferPointer<UInt8>, size: Int) {
    guard pixels.count == size * size, size > 0 else { return nil }
    let side = Self.side
    let kept = Self.kept
    let reduced = Self.reduce(pixels, size: size)
    let mean = reduced.reduce(0, +) / Float(reduced.count)
    guard reduced.contains(where: { abs($0 - mean) > 1 }) else { return nil }

    var words = SIMD4<UInt64>()
    Self.cosines.withUnsafeBufferPointer { cosines in
      // Along the rows, then down the columns.
      var across = [Float](repeating: 0, count: side * kept)
      for row in 0..<side {
        for frequency in 0..<kept {
          var sum: Float = 0
          for column in 0..<side { sum += reduced[row * side + column] * cosines[frequency * side + column] }
          across[row * kept + frequency] = sum
        }
      }
      for vertical in 0..<kept {
        for horizontal in 0..<kept where vertical + horizontal > 0 {
          var sum: Float = 0
          for row in 0..<side { sum += across[row * kept + horizontal] * cosines[vertical * side + row] }
          let bit = vertical * kept + horizontal
          if sum > 0 { words[bit >> 6] |= 1 << UInt64(bit & 63) }
        }
      }
    }
    self.words = words
  }

  /// The hash of a square image; nil if it is not square, or of one value.
  public init?(_ image: GrayscaleImage) {
    guard image.width == image.height else { return nil }
    let hash = image.pixels.withUnsafeBufferPointer { PerceptualHash($0, size: image.width) }
    guard let hash else { return nil }
    self = hash
  }

  /// Means over the cells of a 32 x 32 grid.
  private static func reduce(_ pixels: UnsafeBufferPointer<UInt8>, size: Int) -> [Float] {
    let edges = (0...side).map { $0 * size / side }
    var result = [Float](repeating: 0, count: side * side)
    for row in 0..<side {
      let rows = edges[row]..<max(edges[row + 1], edges[row] + 1)
      for column in 0..<side {
        let first = edges[column]
        let end = max(edges[column + 1], first + 1)
        var sum = 0
        for y in rows {
          for x in first..<end { sum += Int(pixels[y * size + x]) }
        }
        result[row * side + column] = Float(sum) / Float(rows.count * (end - first))
      }
    }
    return result
  }

  /// Bits that differ, of 255.
  public func distance(to other: PerceptualHash) -> Int {
    let difference = words ^ other.words
    return difference[0].nonzeroBitCount + difference[1].nonzeroBitCount + difference[2].nonzeroBitCount
      + difference[3].nonzeroBitCount
  }

  /// 32 bytes, bit 0 the lowest of the first.
  package var bytes: Data {
    var data = Data(capacity: 32)
    for index in 0..<4 {
      for shift in stride(from: 0, to: 64, by: 8) { data.append(UInt8(truncatingIfNeeded: words[index] >> shift)) }
    }
    return data
  }

  /// The hash that `bytes` were made of; nil for another number of bytes.
  package init?(bytes: Data) {
    guard bytes.count == 32 else { return nil }
    words = SIMD4<UInt64>()
    for (index, byte) in bytes.enumerated() { words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
  }
}

/// What the index holds of the pixels of one slot.
package struct PixelFingerprint: Sendable {
  package let sha256: Data
  package let perceptualHash: PerceptualHash?

  package init(_ pixels: UnsafeBufferPointer<UInt8>, size: Int) {
    sha256 = Data(SHA256.hash(bufferPointer: UnsafeRawBufferPointer(pixels)))
    perceptualHash = PerceptualHash(pixels, size: size)
  }
}

extension SHA256 {
  static func hash(bufferPointer: UnsafeRawBufferPointer) -> Digest {
    var hash = SHA256()
    hash.update(bufferPointer: bufferPointer)
    return hash.finalize()
  }
}
