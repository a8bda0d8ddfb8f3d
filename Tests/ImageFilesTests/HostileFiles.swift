/// Files that no encoder writes, built byte by byte.
enum HostileFiles {
  static func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  // PNG

  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(kind.utf8) + data
    return bigEndian(UInt32(data.count)) + body + bigEndian(crc32(body))
  }

  /// A PNG with chunks put before its pixels.
  static func png(_ whole: [UInt8], with chunks: [[UInt8]]) -> [UInt8] {
    Array(whole.prefix(33)) + chunks.flatMap { $0 } + whole.dropFirst(33)
  }

  /// Zeros, deflated by hand: a literal zero, then matches of 258 bytes at distance 1, 13 bits each.
  static func deflatedZeros(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x78, 0x01]
    var pending: UInt32 = 0
    var pendingBits: UInt32 = 0
    func put(_ bits: UInt32, _ length: UInt32) {
      pending |= bits << pendingBits
      pendingBits += length
      while pendingBits >= 8 {
        bytes.append(UInt8(pending & 0xFF))
        pending >>= 8
        pendingBits -= 8
      }
    }
    let matches = (count - 1) / 258
    put(0b011, 3)  // the last block, fixed codes
    put(0b0000_1100, 8)  // literal 0, its code's first bit lowest
    for _ in 0..<matches { put(0b0_0000_1010_0011, 13) }  // length 258, distance 1
    for _ in 0..<(count - 1 - 258 * matches) { put(0b0000_1100, 8) }
    put(0, 7)  // end
    put(0, (8 - pendingBits) % 8)
    return bytes + bigEndian(UInt32(count % 65_521) << 16 | 1)
  }

  // JPEG

  /// A segment with its marker and length.
  static func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] {
    [0xFF, marker] + bigEndian(UInt16(data.count + 2)) + data
  }

  /// A grey progressive JPEG, a side a multiple of 8, whose every scan says anew that nothing differs from grey.
  static func progressiveJPEG(side: Int, scans: Int) -> [UInt8] {
    let blocks = side / 8 * (side / 8)
    var file: [UInt8] = [0xFF, 0xD8]
    file += segment(0xDB, [0] + Array(repeating: 1, count: 64))
    file += segment(0xC2, [8] + bigEndian(UInt16(side)) + bigEndian(UInt16(side)) + [1, 1, 0x11, 0])
    // One code of one bit, for a difference of nothing.
    file += segment(0xC4, [0, 1] + Array(repeating: 0, count: 15) + [0])
    let scan = segment(0xDA, [1, 1, 0x00, 0, 0, 0]) + Array(repeating: 0, count: (blocks + 7) / 8)
    for _ in 0..<scans { file += scan }
    return file + [0xFF, 0xD9]
  }

  /// A JPEG with an APP1 segment put first.
  static func jpeg(_ whole: [UInt8], exif: [UInt8]) -> [UInt8] {
    Array(whole.prefix(2)) + segment(0xE1, Array("Exif\0\0".utf8) + exif) + whole.dropFirst(2)
  }
}
