import Crypto
import Foundation

/// What the watermark's pattern comes from. Whoever has it can find the watermark, imitate it and take it out.
public struct WatermarkKey: Sendable, Hashable {
  private let secret: [UInt8]

  /// - Parameter secret: Bytes that only those know who shall find the watermark.
  public init(secret: [UInt8]) { self.secret = secret }

  /// The key of every picture unless another is given. It is no secret: everybody can ask whether a picture is Thorax's.
  public static let common = WatermarkKey(secret: Array("Thorax watermark, version 1".utf8))

  /// Angles in [0, 2 pi), as good as independent and uniform to all who do not have the key.
  ///
  /// - Parameter label: What they are for; other labels give other angles.
  func angles(_ label: String, count: Int) -> [Float] {
    words(label, count: count).map { Float($0 >> 8) * (2 * .pi / Float(1 << 24)) }
  }

  /// Numbers of 32 bits: SHA-256 in counter mode.
  func words(_ label: String, count: Int) -> [UInt32] {
    var words: [UInt32] = []
    words.reserveCapacity(count + 7)
    var prefix = SHA256()
    prefix.update(data: secret)
    prefix.update(data: Array("\0\(label)\0".utf8))
    var block: UInt64 = 0
    while words.count < count {
      var hash = prefix
      withUnsafeBytes(of: block.littleEndian) { hash.update(bufferPointer: $0) }
      hash.finalize().withUnsafeBytes { bytes in
        for place in stride(from: 0, to: bytes.count, by: 4) {
          words.append(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
        }
      }
      block += 1
    }
    return Array(words.prefix(count))
  }
}
