import Crypto
import Foundation

/// SHA-256 of bytes and files in lower-case hexadecimal digits, as `sha256sum` prints it.
public enum ContentHash {
  /// The hash of bytes in memory.
  public static func of(_ bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    if bytes.withContiguousStorageIfAvailable({ hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil {
      hash.update(data: Array(bytes))
    }
    return hash.finalize().hexadecimal
  }

  /// The hash of bytes in memory.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    return hash.finalize().hexadecimal
  }

  /// The hash of a file.
  ///
  /// - Throws: ``FileAccessError`` if the file cannot be read.
  public static func ofFile(_ path: String) throws(FileAccessError) -> String {
    let file = try MappedFile(path: path)
    return withExtendedLifetime(file) { of(file.bytes) }
  }

  /// The hash of several parts, each followed by a zero byte, so that no two lists of texts have the same bytes.
  public static func of(parts: some Sequence<String>) -> String {
    var hash = SHA256()
    for part in parts {
      hash.update(data: Array(part.utf8))
      hash.update(data: [0])
    }
    return hash.finalize().hexadecimal
  }

  /// The hash of ``listing(_:)``, as `sha256sum NAME... | sha256sum` gives it.
  public static func of(listing hashes: [String: String]) -> String { of(listing(hashes).utf8) }

  /// The lines "hash  name" in the order of the names, as `sha256sum NAME...` prints them.
  public static func listing(_ hashes: [String: String]) -> String {
    hashes.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }.joined()
  }
}

extension Sequence<UInt8> {
  /// Two lower-case hexadecimal digits for each byte.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
