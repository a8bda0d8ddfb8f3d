import Support

/// Reads little-endian numbers off bytes, one after another; nil at the end of them.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  var remaining: Int { bytes.count - position }

  mutating func read<Integer: FixedWidthInteger & BitwiseCopyable>(_: Integer.Type = Integer.self) -> Integer? {
    guard remaining >= MemoryLayout<Integer>.size else { return nil }
    defer { position += MemoryLayout<Integer>.size }
    return Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Integer.self))
  }

  /// The next `count` bytes.
  mutating func read(count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= remaining else { return nil }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }

  /// The next `count` bytes as UTF-8; nil also if they are not.
  mutating func readText(count: Int) -> String? {
    guard let text = read(count: count), firstInvalidUTF8Offset(in: text) == nil else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes up to the next newline, which is skipped, as UTF-8.
  mutating func readLine() -> String? {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")), let line = readText(count: end - position)
    else { return nil }
    position += 1
    return line
  }
}
