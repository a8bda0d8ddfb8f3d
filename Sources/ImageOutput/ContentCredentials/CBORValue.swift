/// A value that is written in CBOR (RFC 8949, 3): what a manifest of C2PA is made of. Nothing here is read.
indirect enum CBORValue: Sendable {
  case integer(Int)
  case bytes([UInt8])
  case text(String)
  case array([CBORValue])
  /// Pairs in the order that they are written in.
  case map([(key: CBORValue, value: CBORValue)])
  case tagged(UInt64, CBORValue)
  case null

  /// A map with names for keys.
  static func named(_ pairs: KeyValuePairs<String, CBORValue>) -> CBORValue {
    .map(pairs.map { (.text($0.key), $0.value) })
  }

  var encoded: [UInt8] {
    switch self {
    case .integer(let value):
      value >= 0 ? Self.head(0, UInt64(value)) : Self.head(1, UInt64(-1 - value))
    case .bytes(let bytes): Self.head(2, UInt64(bytes.count)) + bytes
    case .text(let text): Self.head(3, UInt64(text.utf8.count)) + Array(text.utf8)
    case .array(let values): Self.head(4, UInt64(values.count)) + values.flatMap(\.encoded)
    case .map(let pairs): Self.head(5, UInt64(pairs.count)) + pairs.flatMap { $0.key.encoded + $0.value.encoded }
    case .tagged(let tag, let value): Self.head(6, tag) + value.encoded
    case .null: [0xF6]
    }
  }

  /// The kind, and a number in the fewest bytes that hold it.
  private static func head(_ kind: UInt8, _ number: UInt64) -> [UInt8] {
    let kind = kind << 5
    return switch number {
    case 0..<24: [kind | UInt8(number)]
    case 24...0xFF: [kind | 24, UInt8(number)]
    case 0x100...0xFFFF: [kind | 25] + bigEndian(UInt16(number))
    case 0x1_0000...0xFFFF_FFFF: [kind | 26] + bigEndian(UInt32(number))
    default: [kind | 27] + bigEndian(number)
    }
  }
}

/// The bytes of a number, the greatest first.
func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.bigEndian, Array.init)
}
