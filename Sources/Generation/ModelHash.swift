import Crypto
import Foundation
import TensorFiles

/// SHA-256 over files: what an image names as the model it came from.
enum ModelHash {
  /// The hash of one file, in hexadecimal digits.
  static func file(_ path: String) throws -> String {
    let file = try MappedFile(path: path)
    var hash = SHA256()
    withExtendedLifetime(file) { hash.update(bufferPointer: file.bytes) }
    return hexadecimal(hash.finalize())
  }

  /// The hash of several files: of the lines "hash  name" in the order of the names, as `sha256sum | sha256sum` gives.
  static func files(_ names: [String], in folder: String) throws -> String {
    var hash = SHA256()
    for name in names.sorted() {
      hash.update(data: Data("\(try file(PathName.joined(folder, name)))  \(name)\n".utf8))
    }
    return hexadecimal(hash.finalize())
  }

  static func hexadecimal(_ digest: SHA256.Digest) -> String {
    digest.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}

/// SHA-256 of `bytes`, in hexadecimal digits.
public func sha256(_ bytes: [UInt8]) -> String { ModelHash.hexadecimal(SHA256.hash(data: bytes)) }
