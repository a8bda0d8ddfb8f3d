import CZlib
import Foundation

@testable import RadiographData
@testable import RadiographImport

/// Archives and reports that tests make.
enum SourceFixtures {
  /// A report in the layout of Open-i's XML, with sentences of our own.
  static func report(
    _ number: Int, findings: String = "The lungs are free of opacity.", impression: String = "Nothing acute.",
    major: [String] = ["normal"], images: [String]? = nil, declaration: String = ""
  ) -> String {
    let images = images ?? ["CXR\(number)_IM-00\(number)-1001", "CXR\(number)_IM-00\(number)-2001"]
    return """
      <?xml version="1.0" encoding="utf-8"?>\(declaration)
      <eCitation><meta type="rr"/><uId id="CXR\(number)"/><MedlineCitation><Article><Abstract>
      <AbstractText Label="COMPARISON">None.</AbstractText><AbstractText Label="INDICATION"/>
      <AbstractText Label="FINDINGS">\(findings)</AbstractText>
      <AbstractText Label="IMPRESSION">\(impression)</AbstractText></Abstract></Article></MedlineCitation>
      <MeSH>\(major.map { "<major>\($0)</major>" }.joined())<automatic>Chest</automatic></MeSH>
      \(images.map { "<parentImage id=\"\($0)\"><caption>Two views</caption></parentImage>" }.joined())
      </eCitation>
      """
  }

  struct TarEntry {
    var name: String
    var content: [UInt8]
    var kind: Character = "0"

    init(_ name: String, _ text: String, kind: Character = "0") {
      self.name = name
      content = Array(text.utf8)
      self.kind = kind
    }
  }

  static func tar(_ entries: [TarEntry]) -> [UInt8] {
    entries.flatMap { header($0.name, size: $0.content.count, kind: $0.kind) + padded($0.content) }
      + [UInt8](repeating: 0, count: 1024)
  }

  /// One block of a header, whatever follows it.
  static func header(_ name: String, size: Int, kind: Character = "0") -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      block.replaceSubrange(place..<(place + text.utf8.count), with: Array(text.utf8))
    }
    put(String(name.prefix(100)), at: 0)
    put("0000644\0", at: 100)
    put(octal(size, digits: 11), at: 124)
    put(String(kind), at: 156)
    put("ustar\u{0}00", at: 257)
    let sum = block.reduce(8 * 32) { $0 + Int($1) }
    put(octal(sum, digits: 6) + "\0 ", at: 148)
    return block
  }

  private static func octal(_ number: Int, digits: Int) -> String {
    let text = String(number, radix: 8)
    return String(repeating: "0", count: digits - text.count) + text
  }

  private static func padded(_ content: [UInt8]) -> [UInt8] {
    content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  static func gzip(_ bytes: [UInt8]) -> Data {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    var result = [UInt8](repeating: 0, count: bytes.count + bytes.count / 1000 + 100)
    let packed = withUnsafeMutablePointer(to: &stream) { stream in
      var input = bytes
      let level = Int32(Z_BEST_COMPRESSION)
      deflateInit2_(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
      return input.withUnsafeMutableBufferPointer { input in
        result.withUnsafeMutableBufferPointer { output in
          stream.pointee.next_in = input.baseAddress
          stream.pointee.avail_in = uInt(input.count)
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = uInt(output.count)
          deflate(stream, Z_FINISH)
          deflateEnd(stream)
          return Int(stream.pointee.total_out)
        }
      }
    }
    return Data(result[..<packed])
  }

  static func archive(_ entries: [TarEntry], at url: URL) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try gzip(tar(entries)).write(to: url)
  }
}
