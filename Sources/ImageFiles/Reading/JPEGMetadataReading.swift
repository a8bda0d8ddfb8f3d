extension ImageText {
  /// The texts inside an image file held in memory, of whichever format it is.
  ///
  /// - Throws: ``ImageFileError`` for bytes that are no image file, and for a PNG whose chunks are damaged.
  public static func read(
    from bytes: [UInt8], limits: ImageLimits = .standard
  ) throws(ImageFileError) -> [ImageText] {
    switch bytes.withUnsafeBytes({ ImageFormat(detecting: $0) }) {
    case .png: return try read(fromPNG: bytes, limits: limits)
    case .jpeg: return read(fromJPEG: bytes)
    case nil:
      if bytes.isEmpty { throw .empty }
      throw .unknownFormat
    }
  }

  /// The texts that ``GrayscaleImage/jpegBytes(metadata:quality:)`` wrote into a JPEG held in memory: the properties of
  /// our namespace in its XMP packet, all with the prefix `thorax:`. Empty for any other file.
  ///
  /// A text that the packet could not hold as it was is named in an entry `thorax:incomplete`.
  public static func read(fromJPEG bytes: [UInt8]) -> [ImageText] {
    for segment in JPEGSegments(bytes) where segment.marker == 0xE1 {
      let packet = bytes[segment.range]
      guard packet.starts(with: JPEGMetadata.xmpHeader) else { continue }
      let texts = XMPProperties.read(packet.dropFirst(JPEGMetadata.xmpHeader.count))
      if !texts.isEmpty { return texts }
    }
    return []
  }
}

/// The segments of a JPEG file up to its pixels; ends at the place at which the file is cut short or damaged.
private struct JPEGSegments: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position = 2

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func next() -> (marker: UInt8, range: Range<Int>)? {
    // Any number of fill bytes may stand before a marker.
    while position + 1 < bytes.count, bytes[position] == 0xFF, bytes[position + 1] == 0xFF { position += 1 }
    guard position + 3 < bytes.count, bytes[position] == 0xFF else { return nil }
    let marker = bytes[position + 1]
    // The start of the pixels, the end, and markers without a length, none of which may come before the pixels.
    guard marker != 0xDA, marker != 0xD9, marker != 0x01, !(0xD0...0xD8).contains(marker) else { return nil }
    let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
    let start = position + 4
    guard length >= 2, start + length - 2 <= bytes.count else { return nil }
    position = start + length - 2
    return (marker, start..<position)
  }
}

/// The simple properties of our namespace in an XMP packet, as `JPEGMetadata` writes them. A reader of XML is not needed
/// for that, and everything else in a packet is skipped.
private enum XMPProperties {
  private static let opening = Array("<thorax:".utf8)

  static func read(_ packet: ArraySlice<UInt8>) -> [ImageText] {
    var texts: [ImageText] = []
    var rest = packet
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[start...]
      guard rest.starts(with: opening) else {
        rest = rest.dropFirst()
        continue
      }
      let name = rest.dropFirst(opening.count).prefix { $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "<") }
      let value = rest[name.endIndex...].dropFirst().prefix { $0 != UInt8(ascii: "<") }
      let closing = Array("</thorax:".utf8) + name + [UInt8(ascii: ">")]
      if rest[name.endIndex...].first == UInt8(ascii: ">"), rest[value.endIndex...].starts(with: closing) {
        texts.append(
          ImageText(
            "thorax:" + String(decoding: name, as: UTF8.self), unescaped(String(decoding: value, as: UTF8.self))))
      }
      rest = rest[value.endIndex...]
    }
    return texts
  }

  /// The text with XML's five names and its numbers of characters resolved.
  private static func unescaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "&", let end = rest.prefix(10).firstIndex(of: ";"),
        let meant = character(String(rest[..<end]))
      else {
        result.append(scalar)
        continue
      }
      result.append(meant)
      rest = rest[rest.index(after: end)...]
    }
    return String(result)
  }

  private static func character(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard name.hasPrefix("#") else { return nil }
      let digits = name.dropFirst()
      let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      return number.flatMap(Unicode.Scalar.init)
    }
  }
}
