/// The APP1 segments that carry metadata in a JPEG file.
///
/// A segment holds at most 65,533 bytes. Longer text is cut at a character's border and ends in an ellipsis.
enum JPEGMetadata {
  /// The namespace of the XMP properties.
  static let namespace = "urn:thorax:provenance:1.0:"
  /// What an APP1 segment with XMP begins with.
  static let xmpHeader = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

  private static let largestSegment = 65_533
  private static let longestExifText = 30_000

  /// EXIF (TIFF, big endian): `ImageDescription` (0x010E) and `Software` (0x0131) from the keys of PNG's registry, and
  /// every entry as one line of `UserComment` (0x9286).
  static func exif(_ entries: [ImageText]) -> [UInt8] {
    func value(_ key: String) -> String? { entries.first { $0.key == key }?.value }
    let comment = entries.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    let isASCII = comment.utf8.allSatisfy { $0 < 0x80 }
    let commentBytes =
      isASCII
      ? Array("ASCII\0\0\0".utf8) + Array(comment.shortened(toBytes: longestExifText).utf8)
      : Array("UNICODE\0".utf8) + comment.shortened(toBytes: longestExifText / 2).utf16.flatMap { $0.bigEndianBytes }

    var main: [(tag: UInt16, type: UInt16, bytes: [UInt8])] = []
    if let description = value("Description") {
      // EXIF calls this ASCII; readers take UTF-8.
      main.append((0x010E, 2, Array(description.shortened(toBytes: longestExifText / 2).utf8) + [0]))
    }
    if let software = value("Software") {
      main.append((0x0131, 2, Array(software.shortened(toBytes: 1_000).utf8) + [0]))
    }
    // The main directory: a count, 12 bytes an entry, the offset of the next; its values follow.
    let mainEnd = 8 + 2 + 12 * (main.count + 1) + 4
    let values = main.map { $0.bytes.count > 4 ? $0.bytes.count : 0 }.reduce(0, +)
    let exifStart = mainEnd + values
    let exifEnd = exifStart + 2 + 12 * 2 + 4

    var tiff = Array("MM\0*".utf8) + UInt32(8).bigEndianBytes
    tiff += UInt16(main.count + 1).bigEndianBytes
    var offset = mainEnd
    for entry in main {
      tiff += entry.tag.bigEndianBytes + entry.type.bigEndianBytes + UInt32(entry.bytes.count).bigEndianBytes
      if entry.bytes.count > 4 {
        tiff += UInt32(offset).bigEndianBytes
        offset += entry.bytes.count
      } else {
        tiff += entry.bytes + Array(repeating: 0, count: 4 - entry.bytes.count)
      }
    }
    tiff += UInt16(0x8769).bigEndianBytes + UInt16(4).bigEndianBytes + UInt32(1).bigEndianBytes
    tiff += UInt32(exifStart).bigEndianBytes + UInt32(0).bigEndianBytes
    for entry in main where entry.bytes.count > 4 { tiff += entry.bytes }

    tiff += UInt16(2).bigEndianBytes
    tiff += UInt16(0x9000).bigEndianBytes + UInt16(7).bigEndianBytes + UInt32(4).bigEndianBytes + Array("0232".utf8)
    tiff += UInt16(0x9286).bigEndianBytes + UInt16(7).bigEndianBytes + UInt32(commentBytes.count).bigEndianBytes
    tiff += UInt32(exifEnd).bigEndianBytes + UInt32(0).bigEndianBytes
    return Array("Exif\0\0".utf8) + tiff + commentBytes
  }

  /// An XMP packet: `dc:description`, `xmp:CreatorTool`, and every entry as a property of our namespace. Entries that it
  /// cannot hold as they are (too long, or with characters that XML does not have) are named in one more, `incomplete`.
  static func xmp(_ entries: [ImageText]) -> [UInt8] {
    // Markup at its longest makes six bytes of one; 2,000 are for the frame.
    var share = largestSegment - 2_000
    while true {
      let packet = xmp(entries, longestValue: share)
      if packet.count <= largestSegment { return packet }
      share /= 2
    }
  }

  private static func xmp(_ entries: [ImageText], longestValue: Int) -> [UInt8] {
    var properties = ""
    var incomplete: [String] = []
    for entry in entries {
      let text = entry.value.shortened(toBytes: longestValue)
      let value = text.escapedForXML
      switch entry.key {
      case "Description":
        properties +=
          "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">\(value)</rdf:li></rdf:Alt></dc:description>\n"
      case "Software": properties += "<xmp:CreatorTool>\(value)</xmp:CreatorTool>\n"
      default: break
      }
      let name = entry.key.split(separator: ":").last.map(String.init)?.xmlName ?? "entry"
      properties += "<thorax:\(name)>\(value)</thorax:\(name)>\n"
      if text != entry.value || !text.unicodeScalars.allSatisfy(\.isInXML) { incomplete.append(name) }
    }
    if !incomplete.isEmpty {
      properties += "<thorax:incomplete>\(incomplete.joined(separator: " "))</thorax:incomplete>\n"
    }
    let packet = """
      <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
      <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" \
      xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:thorax="\(namespace)">
      \(properties)</rdf:Description></rdf:RDF></x:xmpmeta>
      <?xpacket end="r"?>
      """
    return xmpHeader + Array(packet.utf8)
  }
}

extension Unicode.Scalar {
  /// Whether XML 1.0 has a place for it: it has none for most control characters and for non-characters.
  fileprivate var isInXML: Bool {
    switch self {
    case "\t", "\n", "\r": true
    case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": false
    default: true
    }
  }
}

extension FixedWidthInteger {
  fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension String {
  /// Whole characters that take at most `limit` bytes of UTF-8, an ellipsis at the end where some were cut.
  fileprivate func shortened(toBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var result = ""
    var count = 3
    for scalar in unicodeScalars {
      count += UTF8.width(scalar)
      if count > limit { break }
      result.unicodeScalars.append(scalar)
    }
    return result + "…"
  }

  fileprivate var escapedForXML: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // A reader of XML makes a line feed of it otherwise.
      case "\r": result += "&#xD;"
      default: result.unicodeScalars.append(scalar.isInXML ? scalar : " ")
      }
    }
    return result
  }

  /// The string with what an XML name cannot hold made an underscore.
  fileprivate var xmlName: String {
    let name = String(map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "_" })
    return name.first.map { $0.isLetter || $0 == "_" } == true ? name : "_" + name
  }
}
