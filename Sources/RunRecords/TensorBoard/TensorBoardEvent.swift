/// One entry of an event file: `Event` of TensorFlow's `event.proto`, as far as TensorBoard needs it here.
struct TensorBoardEvent {
  /// A picture as its file holds it.
  struct Image {
    /// PNG, JPEG or GIF.
    var encoded: [UInt8]
    var width: Int
    var height: Int
    /// 1 grey, 3 RGB, 4 RGBA.
    var channels: Int
  }

  enum Value {
    case scalar(Float)
    case image(Image)
  }

  enum Content {
    /// What every event file begins with.
    case fileVersion
    /// A process begins at the event's step: what other files of the folder hold from there on is void.
    case sessionStart
    case summary([(tag: String, value: Value)])
  }

  /// Seconds since 1970.
  var wallTime: Double
  var step: Int
  var content: Content

  /// The message in protocol buffers' wire format.
  var message: [UInt8] {
    var event = ProtobufEncoder()
    // A reader takes a missing number for zero, and the reference implementation leaves zeros out.
    if wallTime.bitPattern != 0 { event.add(1, double: wallTime) }
    if step != 0 { event.add(2, varint: Int64(step)) }
    switch content {
    case .fileVersion: event.add(3, string: "brain.Event:2")
    case .sessionStart: event.add(7) { $0.add(1, varint: 1) }
    case .summary(let values):
      event.add(5) { summary in
        for (tag, value) in values { summary.add(1) { Self.add(tag, value, to: &$0) } }
      }
    }
    return event.bytes
  }

  private static func add(_ tag: String, _ value: Value, to message: inout ProtobufEncoder) {
    if !tag.isEmpty { message.add(1, string: tag) }
    switch value {
    case .scalar(let number): message.add(2, float: number)
    case .image(let image):
      message.add(4) { message in
        if image.height != 0 { message.add(1, varint: Int64(image.height)) }
        if image.width != 0 { message.add(2, varint: Int64(image.width)) }
        if image.channels != 0 { message.add(3, varint: Int64(image.channels)) }
        if !image.encoded.isEmpty { message.add(4, bytes: image.encoded) }
      }
    }
  }

  /// The message as a TFRecord: its length, the length's checksum, the message, its checksum.
  var record: [UInt8] {
    let message = message
    let length = LittleEndian.bytes(UInt64(message.count))
    return length + LittleEndian.bytes(CRC32C.masked(length)) + message + LittleEndian.bytes(CRC32C.masked(message))
  }
}
