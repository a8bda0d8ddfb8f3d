/// The offset of the first byte that is not UTF-8 (RFC 3629: no overlong forms, no surrogates); nil if there is none.
public func firstInvalidUTF8Offset(in bytes: UnsafeRawBufferPointer) -> Int? {
  var position = 0
  while position < bytes.count {
    // Eight bytes of ASCII at a time.
    while position + 8 <= bytes.count,
      bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      position += 8
    }
    guard position < bytes.count else { return nil }
    let lead = bytes[position]
    if lead < 0x80 {
      position += 1
      continue
    }
    let length: Int
    let secondByte: ClosedRange<UInt8>
    switch lead {
    case 0xC2...0xDF: (length, secondByte) = (2, 0x80...0xBF)
    case 0xE0: (length, secondByte) = (3, 0xA0...0xBF)
    case 0xE1...0xEC, 0xEE...0xEF: (length, secondByte) = (3, 0x80...0xBF)
    case 0xED: (length, secondByte) = (3, 0x80...0x9F)
    case 0xF0: (length, secondByte) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, secondByte) = (4, 0x80...0xBF)
    case 0xF4: (length, secondByte) = (4, 0x80...0x8F)
    default: return position
    }
    guard position + length <= bytes.count, secondByte.contains(bytes[position + 1]) else { return position }
    for offset in (position + 2)..<(position + max(2, length)) where bytes[offset] & 0xC0 != 0x80 {
      return position
    }
    position += length
  }
  return nil
}
