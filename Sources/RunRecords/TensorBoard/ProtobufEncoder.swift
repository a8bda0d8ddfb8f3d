/// The few parts of the protocol buffers' wire format that TensorBoard's messages need. Fields are written in the
/// order of their numbers, so that the bytes are those of the reference implementation.
struct ProtobufEncoder {
  private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  mutating func add(_ field: UInt64, varint value: Int64) {
    addKey(field, .varint)
    addVarint(UInt64(bitPattern: value))
  }

  mutating func add(_ field: UInt64, double value: Double) {
    addKey(field, .fixed64)
    bytes.append(contentsOf: LittleEndian.bytes(value.bitPattern))
  }

  mutating func add(_ field: UInt64, float value: Float) {
    addKey(field, .fixed32)
    bytes.append(contentsOf: LittleEndian.bytes(value.bitPattern))
  }

  mutating func add(_ field: UInt64, bytes value: some Collection<UInt8>) {
    addKey(field, .lengthDelimited)
    addVarint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  mutating func add(_ field: UInt64, string value: String) { add(field, bytes: value.utf8) }

  mutating func add(_ field: UInt64, message build: (inout ProtobufEncoder) -> Void) {
    var message = ProtobufEncoder()
    build(&message)
    add(field, bytes: message.bytes)
  }

  private mutating func addKey(_ field: UInt64, _ type: WireType) { addVarint(field << 3 | type.rawValue) }

  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}

enum LittleEndian {
  static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
