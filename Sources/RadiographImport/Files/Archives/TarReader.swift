import Foundation
import RadiographData

/// Reads the files of a tar archive one after another, packed by gzip or not: ustar, and GNU's and POSIX's long names.
///
/// Nothing is ever unpacked to disk, so a name can do no harm there; names that lead out of the archive's folder are
/// reported all the same. libarchive would read more formats and bring libxml2 with ICU and six more libraries into
/// every start; gzip is zlib's, which PNG brings anyway, and a tar header is one block of 512 bytes.
struct TarReader {
  struct Limits {
    /// Of the archive, unpacked.
    var totalBytes = 4 << 30
    var entries = 1_000_000
    /// Of a file that is wanted.
    var fileBytes = 16 << 20
  }

  enum Entry {
    case file(name: String, [UInt8])
    /// Absolute, or with `..`: passed over.
    case outside(name: String)
    /// A wanted file above the limit.
    case tooLarge(name: String)
  }

  private let url: URL
  private let reader: GzipReader
  private let limits: Limits
  private var count = 0

  init(_ url: URL, limits: Limits = Limits()) throws(DatasetError) {
    self.url = url
    self.limits = limits
    reader = try GzipReader(url)
  }

  /// The next file that is wanted by its name, or an entry that is refused.
  ///
  /// - Throws: `DatasetError.malformedArchive` for an archive that is damaged, cut off, or larger than its limits.
  mutating func next(where isWanted: (_ name: String) -> Bool) throws(DatasetError) -> Entry? {
    var longName: String?
    while true {
      let header = try block()
      // The end is marked by blocks of zeros; an archive without them has been cut off.
      if header.allSatisfy({ $0 == 0 }) {
        try finish()
        return nil
      }
      count += 1
      guard count <= limits.entries else { throw malformed("it has more than \(limits.entries) entries") }
      guard Self.hasChecksum(header), let size = Self.number(header[124..<136]) else {
        throw malformed("entry \(count) has a damaged header")
      }
      let kind = header[156]
      let name = longName ?? Self.name(of: header)
      switch kind {
      case UInt8(ascii: "L"), UInt8(ascii: "x"):
        guard size <= 1 << 16 else { throw malformed("entry \(count) has a name of \(size) bytes") }
        let content = try body(size)
        longName =
          kind == UInt8(ascii: "L") ? String(decoding: content.prefix { $0 != 0 }, as: UTF8.self) : Self.path(content)
        continue
      case 0, UInt8(ascii: "0"):
        longName = nil
        guard isWanted(name) else { break }
        if Self.leadsOut(name) {
          try skip(size)
          return .outside(name: name)
        }
        if size > limits.fileBytes {
          try skip(size)
          return .tooLarge(name: name)
        }
        return .file(name: name, try body(size))
      // Names of links, and settings for all that follows, stand between a long name and its file.
      case UInt8(ascii: "K"), UInt8(ascii: "g"): break
      default: longName = nil
      }
      try skip(size)
    }
  }

  /// Padding up to the end, so that gzip's checksum is reached and compared.
  private func finish() throws(DatasetError) {
    while try reader.read(1 << 18).count == 1 << 18 {
      guard reader.count <= limits.totalBytes else {
        throw malformed("it unpacks to more than \(limits.totalBytes) bytes")
      }
    }
  }

  private func malformed(_ reason: String) -> DatasetError { .malformedArchive(path: url.path, reason: reason) }

  private func block() throws(DatasetError) -> [UInt8] {
    let block = try reader.read(512)
    guard block.count == 512 else { throw malformed("it is cut off, or is no tar archive") }
    guard reader.count <= limits.totalBytes else {
      throw malformed("it unpacks to more than \(limits.totalBytes) bytes")
    }
    return block
  }

  private func body(_ size: Int) throws(DatasetError) -> [UInt8] {
    let padded = (size + 511) / 512 * 512
    var bytes = try reader.read(padded)
    guard bytes.count == padded else { throw malformed("it is cut off") }
    bytes.removeLast(padded - size)
    return bytes
  }

  private func skip(_ size: Int) throws(DatasetError) {
    guard size <= limits.totalBytes - reader.count else {
      throw malformed("it unpacks to more than \(limits.totalBytes) bytes")
    }
    var left = (size + 511) / 512 * 512
    while left > 0 {
      let piece = min(left, 1 << 18)
      guard try reader.read(piece).count == piece else { throw malformed("it is cut off") }
      left -= piece
    }
  }

  private static func leadsOut(_ name: String) -> Bool {
    name.hasPrefix("/") || name.utf8.contains(0) || name.split { $0 == "/" || $0 == "\\" }.contains("..")
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func name(of header: [UInt8]) -> String {
    let name = text(header[0..<100])
    guard header[257..<262].elementsEqual(Array("ustar".utf8)) else { return name }
    // GNU's variant keeps times where POSIX has the name's beginning.
    let prefix = header[263] == UInt8(ascii: " ") ? "" : text(header[345..<500])
    return prefix.isEmpty ? name : prefix + "/" + name
  }

  /// Octal digits between blanks; nil for anything else: sizes of eight gigabytes and more are written otherwise.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
  }

  /// The sum of the header's bytes, its own field taken for blanks.
  private static func hasChecksum(_ header: [UInt8]) -> Bool {
    let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    return number(header[148..<156]) == sum
  }

  /// The path of a POSIX extended header, whose records are "length key=value\n".
  private static func path(_ content: [UInt8]) -> String? {
    var rest = content[...]
    var path: String?
    while let blank = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[rest.startIndex..<blank], as: UTF8.self)),
      length > blank - rest.startIndex + 1, length <= rest.count
    {
      let record = String(decoding: rest[(blank + 1)..<(rest.startIndex + length - 1)], as: UTF8.self)
      if record.hasPrefix("path=") { path = String(record.dropFirst(5)) }
      rest = rest[(rest.startIndex + length)...]
    }
    return path
  }
}
