import Foundation
import Testing

@testable import ImageFiles

@Suite struct ImageWritingTests {
  private let metadata = [
    ImageText("Software", "thorax 0.1.0"),
    ImageText("Description", "Synthetic. Prompt: pleural effusion, 2 < 3 & \"left\""),
    ImageText("thorax:prompt", "Épanchement pleural — 胸水 🫁"),
    ImageText("thorax:seed", "7"),
    ImageText("thorax:note", "two\nlines"),
  ]

  @Test(arguments: [(1, 1), (37, 29), (256, 256)])
  func pngIsLossless(size: (Int, Int)) throws {
    let image = try ImageFixtures.ramp(width: size.0, height: size.1)
    #expect(try GrayscaleImage(decoding: image.pngBytes()) == image)
    #expect(try GrayscaleImage(decoding: image.pngBytes(metadata: metadata)) == image)
  }

  @Test func pngTextComesBack() throws {
    let bytes = try ImageFixtures.ramp(width: 8, height: 8).pngBytes(metadata: metadata)
    #expect(try ImageText.read(fromPNG: bytes) == metadata)
  }

  @Test func asciiIsTextAndUnicodeIsInternationalText() throws {
    let bytes = try ImageFixtures.ramp(width: 8, height: 8).pngBytes(metadata: metadata)
    #expect(occurrences(of: Array("tEXt".utf8), in: bytes) == 4)
    #expect(occurrences(of: Array("iTXt".utf8), in: bytes) == 1)
  }

  @Test func aMegabyteOfTextFits() throws {
    let long = ImageText("thorax:prompt", String(repeating: "é", count: 500_000))
    let image = try ImageFixtures.ramp(width: 8, height: 8)
    #expect(try ImageText.read(fromPNG: image.pngBytes(metadata: [long])) == [long])
    // A JPEG segment cannot hold it: the text is cut, the file stays whole.
    let jpeg = try image.jpegBytes(metadata: [long, ImageText("Description", String(repeating: "&", count: 500_000))])
    #expect(try GrayscaleImage(decoding: jpeg).width == 8)
    #expect(jpeg.count < 140_000)
  }

  @Test func nulCharactersAreDropped() throws {
    let bytes = try ImageFixtures.ramp(width: 8, height: 8).pngBytes(metadata: [ImageText("a", "b\0c")])
    #expect(try ImageText.read(fromPNG: bytes) == [ImageText("a", "bc")])
  }

  @Test(arguments: ["", " a", "a ", "a  b", "é", "a\nb", String(repeating: "k", count: 80)])
  func badKeysAreRefused(key: String) throws {
    let image = try ImageFixtures.ramp(width: 8, height: 8)
    for format in ImageFormat.allCases {
      #expect(throws: ImageFileError.invalidMetadataKey(key)) {
        try image.encoded(as: format, metadata: [ImageText(key, "value")])
      }
    }
  }

  @Test func jpegIsCloseAndCarriesEXIFAndXMP() throws {
    let values: [UInt8] = (0..<64).flatMap { (y: Int) -> [UInt8] in (0..<64).map { UInt8(2 * $0 + y) } }
    let image = try GrayscaleImage(width: 64, height: 64, pixels: values)
    let bytes = try image.jpegBytes(metadata: metadata, quality: 95)
    let back = try GrayscaleImage(decoding: bytes)
    #expect(differences(back.pixels, image.pixels).largest <= 4)

    #expect(occurrences(of: Array("Exif\0\0MM".utf8), in: bytes) == 1)
    #expect(occurrences(of: Array("http://ns.adobe.com/xap/1.0/\0".utf8), in: bytes) == 1)
    #expect(occurrences(of: Array("<thorax:seed>7</thorax:seed>".utf8), in: bytes) == 1)
    #expect(occurrences(of: Array("<thorax:prompt>Épanchement pleural — 胸水 🫁</thorax:prompt>".utf8), in: bytes) == 1)
    #expect(occurrences(of: Array("2 &lt; 3 &amp; &quot;left&quot;".utf8), in: bytes) == 2)
    #expect(occurrences(of: Array("thorax 0.1.0\0".utf8), in: bytes) == 1)
  }

  @Test func jpegTextComesBack() throws {
    let texts =
      metadata.dropFirst(2) + [
        ImageText("thorax:negative", "a\r\nb\tc\rd & <e> \"f\" 'g' &amp; &#65; ]]> \u{85}\u{2028}"),
        ImageText("thorax:empty", ""), ImageText("thorax:guidance-interval", "0.3-0.9"),
      ]
    let image = try ImageFixtures.ramp(width: 8, height: 8)
    #expect(try ImageText.read(from: image.jpegBytes(metadata: Array(texts))) == Array(texts))
    #expect(try ImageText.read(from: image.pngBytes(metadata: Array(texts))) == Array(texts))
    #expect(try ImageText.read(from: image.jpegBytes()).isEmpty)
  }

  @Test func whatAJPEGCannotHoldIsNamed() throws {
    let image = try ImageFixtures.ramp(width: 8, height: 8)
    let long = String(repeating: "é", count: 500_000)
    for value in [long, "a\u{1}b", "\u{FFFF}"] {
      let texts = try ImageText.read(
        from: image.jpegBytes(metadata: [ImageText("thorax:seed", "7"), ImageText("thorax:prompt", value)]))
      #expect(texts.map(\.key) == ["thorax:seed", "thorax:prompt", "thorax:incomplete"])
      #expect(texts.last?.value == "prompt" && texts.first?.value == "7")
    }
  }

  /// Every prefix, and every file with one byte changed, is read or skipped, and never more than was in it.
  @Test func hostileJPEGTextIsSkipped() throws {
    let bytes = try ImageFixtures.ramp(width: 8, height: 8).jpegBytes(metadata: metadata)
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(ImageText.read(fromJPEG: Array(bytes[..<count])).count <= 5)
    }
    for position in bytes.indices {
      for value in [0xFF, UInt8(ascii: "<")] {
        var changed = bytes
        changed[position] = value
        #expect(ImageText.read(fromJPEG: changed).count <= 5)
      }
    }
    func packet(_ text: String) -> [UInt8] {
      let segment = JPEGMetadata.xmpHeader + Array(text.utf8)
      let length = segment.count + 2
      return [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + segment + [0xFF, 0xD9]
    }
    #expect(
      ImageText.read(fromJPEG: packet("<thorax:a>1</thorax:b><thorax:c>2</thorax:c>")) == [ImageText("thorax:c", "2")])
    #expect(ImageText.read(fromJPEG: packet("<thorax:a")).isEmpty)
    #expect(
      ImageText.read(fromJPEG: packet("<thorax:a>&#x110000;&#0;&nope;&</thorax:a>")).first?.value
        == "&#x110000;\0&nope;&")
    #expect(ImageText.read(fromJPEG: packet(String(repeating: "<thorax:", count: 8_000))).isEmpty)
  }

  @Test func theXMPPacketIsWellFormed() throws {
    let packet = JPEGMetadata.xmp(metadata + [ImageText("thorax:odd key!", "\u{1}"), ImageText("7", "x")])
    let xml = Data(packet.drop { $0 != 0 }.dropFirst())
    let text = try #require(String(data: xml, encoding: .utf8))
    #expect(text.contains("<thorax:odd_key_> </thorax:odd_key_>") && text.contains("<thorax:_7>x</thorax:_7>"))
  }

  @Test func anImageOfTheWrongSizeIsRefused() {
    #expect(throws: ImageFileError.inconsistentSize(width: 2, height: 2, pixels: 3)) {
      try GrayscaleImage(width: 2, height: 2, pixels: [1, 2, 3])
    }
    #expect(throws: ImageFileError.inconsistentSize(width: 0, height: 0, pixels: 0)) {
      try GrayscaleImage(width: 0, height: 0, pixels: [])
    }
  }

  @Test(arguments: [("png", ImageFormat.png), (".JPG", .jpeg), ("jpeg", .jpeg)])
  func formatsGoByExtension(extension: String, format: ImageFormat) {
    #expect(ImageFormat(pathExtension: `extension`) == format)
    #expect(ImageFormat(pathExtension: "bmp") == nil)
  }

  private func occurrences(of pattern: [UInt8], in bytes: [UInt8]) -> Int {
    var count = 0
    var data = Data(bytes)[...]
    while let range = data.range(of: Data(pattern)) {
      count += 1
      data = data[range.upperBound...]
    }
    return count
  }
}
