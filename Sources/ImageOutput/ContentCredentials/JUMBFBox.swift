/// A box of the JPEG Universal Metadata Box Format (ISO/IEC 19566-5), as C2PA uses it.
struct JUMBFBox {
  /// What a superbox holds.
  enum Content: String {
    case store = "c2pa"
    case manifest = "c2ma"
    case assertions = "c2as"
    case claim = "c2cl"
    case signature = "c2cs"
    case cbor
  }

  /// Length and type not included.
  let payload: [UInt8]
  private let type: String

  /// Length, type and payload.
  var bytes: [UInt8] { bigEndian(UInt32(8 + payload.count)) + Array(type.utf8) + payload }

  /// A superbox: its description and the boxes that it holds.
  init(_ content: Content, label: String, _ boxes: [JUMBFBox]) {
    // A UUID that begins with four letters. Then: it can be asked for, and has a label.
    let uuid = Array(content.rawValue.utf8) + [0, 0x11, 0, 0x10, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
    let description = JUMBFBox(type: "jumd", payload: uuid + [0b11] + Array(label.utf8) + [0])
    self.init(type: "jumb", payload: description.bytes + boxes.flatMap(\.bytes))
  }

  /// A box of CBOR.
  init(_ value: CBORValue) {
    self.init(type: "cbor", payload: value.encoded)
  }

  private init(type: String, payload: [UInt8]) {
    (self.type, self.payload) = (type, payload)
  }
}
