import CZlib
import Foundation
import RadiographData

/// Reads a file from its beginning, unpacking it where gzip (RFC 1952) has packed it; several members are one file.
final class GzipReader {
  private let url: URL
  private let data: Data
  private let isPacked: Bool
  private var position = 0
  /// zlib keeps the address, so that it may not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var isInsideMember = false
  /// Bytes given out so far.
  private(set) var count = 0

  init(_ url: URL) throws(DatasetError) {
    self.url = url
    stream.initialize(to: z_stream())
    do {
      data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      data = Data()
      isPacked = false
      throw .inputOutput(path: url.path, reason: error.localizedDescription)
    }
    isPacked = data.starts(with: [0x1F, 0x8B])
    // 15 bits of window, and 16 for gzip's header and checksum.
    guard !isPacked || inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .malformedArchive(path: url.path, reason: "zlib does not start")
    }
  }

  deinit {
    if isPacked { inflateEnd(stream) }
    stream.deallocate()
  }

  /// The next bytes, as many as are asked for; fewer only at the end.
  ///
  /// - Throws: `DatasetError.malformedArchive` where the packed data are damaged or cut off.
  func read(_ wanted: Int) throws(DatasetError) -> [UInt8] {
    guard isPacked else {
      let end = min(position + wanted, data.count)
      defer { position = end }
      count += end - position
      return Array(data[position..<end])
    }
    var bytes = [UInt8](repeating: 0, count: wanted)
    var filled = 0
    var failure: String?
    while filled < wanted, failure == nil {
      if !isInsideMember {
        // Blocks of zeros behind the last member are padding.
        guard data[position...].starts(with: [0x1F, 0x8B]) else {
          if data[position...].contains(where: { $0 != 0 }) { failure = "there is something behind its end" }
          break
        }
        isInsideMember = true
      }
      failure = inflate(into: &bytes, &filled)
    }
    if let failure { throw .malformedArchive(path: url.path, reason: failure) }
    count += filled
    return filled == wanted ? bytes : Array(bytes[..<filled])
  }

  /// Fills `bytes` from `filled` on as far as a piece of the input goes. Returns what is wrong.
  private func inflate(into bytes: inout [UInt8], _ filled: inout Int) -> String? {
    let piece = min(data.count - position, 1 << 20)
    guard piece > 0 else { return "it is cut off" }
    let room = bytes.count - filled
    let start = filled
    let status = data[position..<position + piece].withUnsafeBytes { input in
      bytes.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: Bytef.self).baseAddress)
        stream.pointee.avail_in = uInt(piece)
        stream.pointee.next_out = output.baseAddress.map { $0 + start }
        stream.pointee.avail_out = uInt(min(room, Int(uInt.max)))
        return CZlib.inflate(stream, Z_NO_FLUSH)
      }
    }
    position += piece - Int(stream.pointee.avail_in)
    filled += room - Int(stream.pointee.avail_out)
    switch status {
    case Z_OK: return nil
    case Z_STREAM_END:
      isInsideMember = false
      inflateReset(stream)
      return nil
    case Z_BUF_ERROR: return position == data.count ? "it is cut off" : nil
    default: return "its packed data are damaged"
    }
  }

  /// Everything in it.
  ///
  /// - Throws: `DatasetError.malformedArchive` also where it unpacks to more than `limit` bytes.
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
