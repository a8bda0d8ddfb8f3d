import CZlib
import Foundation
import RadiographData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a file from its beginning, unpacking it if gzip (RFC 1952) has packed it; several members are one file.
final class GzipReader {
  private let url: URL
  private let file: gzFile
  /// Bytes given out so far.
  private(set) var count = 0

  /// - Throws: `DatasetError.inputOutput` if the file cannot be opened.
  init(_ url: URL) throws(DatasetError) {
    self.url = url
    guard let file = gzopen(url.path, "rb") else {
      throw .inputOutput(path: url.path, reason: String(cString: strerror(errno)))
    }
    self.file = file
    gzbuffer(file, 1 << 18)
  }

  deinit { gzclose(file) }

  /// The next bytes, as many as are asked for; fewer only at the end.
  ///
  /// - Throws: `DatasetError.malformedArchive` if the packed data are damaged or cut off, `.inputOutput`.
  func read(_ wanted: Int) throws(DatasetError) -> [UInt8] {
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted, let start = buffer.baseAddress {
        let read = gzread(file, start + filled, UInt32(min(wanted - filled, 1 << 30)))
        guard read > 0 else { break }
        filled += Int(read)
      }
    }
    count += bytes.count
    if bytes.count < wanted { try checkEnd() }
    return bytes
  }

  /// Whether reading ended because the file did.
  private func checkEnd() throws(DatasetError) {
    var status = Z_OK
    gzerror(file, &status)
    switch status {
    case Z_OK, Z_STREAM_END: return
    case Z_BUF_ERROR: throw .malformedArchive(path: url.path, reason: "it is cut off")
    case Z_ERRNO: throw .inputOutput(path: url.path, reason: String(cString: strerror(errno)))
    default: throw .malformedArchive(path: url.path, reason: "its packed data are damaged")
    }
  }

  /// Everything in it.
  ///
  /// - Throws: `DatasetError.malformedArchive`, also if it unpacks to more than `limit` bytes; `.inputOutput`.
  static func contents(of url: URL, limit: Int) throws(DatasetError) -> Data {
    let reader = try GzipReader(url)
    var result = Data()
    while true {
      let piece = try reader.read(1 << 20)
      result.append(contentsOf: piece)
      if result.count > limit {
        throw .malformedArchive(path: url.path, reason: "it unpacks to more than \(limit) bytes")
      }
      if piece.count < 1 << 20 { return result }
    }
  }
}
