import Crypto

/// SHA-256 of bytes that come one after another, so that they need not be in memory together.
public struct RunningHash {
  private var hash = SHA256()

  public init() {}

  /// Takes in bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// Takes in a text and a zero byte behind it, as `ContentHash.of(parts:)` does with each of its texts.
  public mutating func update(part: String) {
    var part = part
    part.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
  }

  /// The hash of what was taken in so far, in lower-case hexadecimal digits.
  public var hexadecimal: String { hash.finalize().hexadecimal }

  /// The first 128 bits of the hash of what was taken in so far.
  public var halfDigest: (UInt64, UInt64) {
    hash.finalize().withUnsafeBytes { bytes in
      (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
  }
}
