import Foundation
import Testing

@testable import ImageFiles

/// A file that must be refused, and how.
struct HostileImage: CustomTestStringConvertible {
  enum Refusal { case empty, unknownFormat, corrupt, tooLarge }

  let name: String
  let refusal: Refusal
  let bytes: @Sendable () throws -> [UInt8]
  var testDescription: String { name }

  func isRefused(as error: any Error) -> Bool {
    switch (refusal, error as? ImageFileError) {
    case (.empty, .empty), (.unknownFormat, .unknownFormat), (.corrupt, .corrupt), (.tooLarge, .tooLarge): true
    default: false
    }
  }

  static let all: [HostileImage] = [
    HostileImage(name: "zero bytes", refusal: .empty) { [] },
    HostileImage(name: "one byte", refusal: .unknownFormat) { [0x89] },
    HostileImage(name: "text named .png", refusal: .unknownFormat) { Array("This is not a picture.\n".utf8) },
    HostileImage(name: "a PNG signature alone", refusal: .corrupt) { Array(try png().prefix(8)) },
    HostileImage(name: "a JPEG signature alone", refusal: .corrupt) { Array(try jpeg().prefix(3)) },
    HostileImage(name: "half a PNG", refusal: .corrupt) { Array(try png().prefix(try png().count / 2)) },
    HostileImage(name: "half a JPEG", refusal: .corrupt) { Array(try jpeg().prefix(try jpeg().count / 2)) },
    HostileImage(name: "a PNG without its last byte", refusal: .corrupt) { try png().dropLast() },
    HostileImage(name: "a JPEG without its end marker", refusal: .corrupt) { try jpeg().dropLast(2) },
    HostileImage(name: "30000 x 30000 PNG header", refusal: .tooLarge) { try png(width: 30_000, height: 30_000) },
    HostileImage(name: "30000 x 30000 JPEG header", refusal: .tooLarge) { try jpeg(width: 30_000, height: 30_000) },
    HostileImage(name: "2^31-1 wide PNG header", refusal: .tooLarge) { try png(width: 0x7FFF_FFFF, height: 1) },
    HostileImage(name: "PNG header that lies within the limits", refusal: .corrupt) {
      try png(width: 9_000, height: 9_000)
    },
    HostileImage(name: "JPEG header that lies within the limits", refusal: .corrupt) {
      try jpeg(width: 9_000, height: 9_000)
    },
    HostileImage(name: "PNG header that lies a little", refusal: .corrupt) { try png(width: 48, height: 41) },
    HostileImage(name: "PNG of no width", refusal: .corrupt) { try png(width: 0, height: 10) },
    HostileImage(name: "JPEG of no width", refusal: .corrupt) { try jpeg(width: 0, height: 10) },
    HostileImage(name: "a flipped bit in a PNG's pixels", refusal: .corrupt) {
      var bytes = try png()
      bytes[bytes.count / 2] ^= 0x10
      return bytes
    },
    HostileImage(name: "a chunk that says 2 GB", refusal: .corrupt) {
      HostileFiles.png(try png(), with: [[0x7F, 0xFF, 0xFF, 0xF0] + Array("tEXtComment\0a".utf8)])
    },
    HostileImage(name: "a chunk that says 4 GB", refusal: .corrupt) {
      HostileFiles.png(try png(), with: [[0xFF, 0xFF, 0xFF, 0xFF] + Array("IDAT".utf8)])
    },
    HostileImage(name: "a PNG without pixels", refusal: .corrupt) {
      let whole = try png()
      return Array(whole.prefix(33)) + HostileFiles.chunk("IEND", [])
    },
    HostileImage(name: "an unknown critical chunk", refusal: .corrupt) {
      HostileFiles.png(try png(), with: [HostileFiles.chunk("ABCD", [1, 2, 3])])
    },
    HostileImage(name: "a PNG whose pixels inflate to too little", refusal: .corrupt) {
      try png(pixels: HostileFiles.deflatedZeros(49 * 40 - 1))
    },
    HostileImage(name: "a PNG whose pixels inflate to far too much", refusal: .corrupt) {
      try png(pixels: HostileFiles.deflatedZeros(16 << 20))
    },
    HostileImage(name: "a filter that does not exist", refusal: .corrupt) {
      // Stored, not compressed; one row of one pixel would do, nine reach the rows that are undone together.
      let rows = [UInt8](repeating: 9, count: 2 * 9)
      let (a, b) = rows.reduce((UInt32(1), UInt32(0))) { ($0.0 + UInt32($1), $0.1 + $0.0 + UInt32($1)) }
      let stored = [0x78, 0x01, 1, 18, 0, 0xED, 0xFF] + rows + HostileFiles.bigEndian(b << 16 | a)
      return try png(pixels: stored, width: 1, height: 9)
    },
    HostileImage(name: "65535 x 65535 JPEG header", refusal: .tooLarge) { try jpeg(width: 65_535, height: 65_535) },
    HostileImage(name: "a progressive JPEG of 201 scans", refusal: .corrupt) {
      HostileFiles.progressiveJPEG(side: 64, scans: 201)
    },
    HostileImage(name: "a large progressive JPEG of 70 scans", refusal: .corrupt) {
      HostileFiles.progressiveJPEG(side: 4_000, scans: 70)
    },
  ]

  private static func png() throws -> [UInt8] { try ImageFixtures.ramp(width: 48, height: 40).pngBytes() }
  private static func jpeg() throws -> [UInt8] { try ImageFixtures.ramp(width: 48, height: 40).jpegBytes() }

  /// A true PNG with another size in its header, the checksum made good.
  private static func png(width: UInt32, height: UInt32) throws -> [UInt8] {
    var bytes = try png()
    bytes.replaceSubrange(16..<20, with: HostileFiles.bigEndian(width))
    bytes.replaceSubrange(20..<24, with: HostileFiles.bigEndian(height))
    bytes.replaceSubrange(29..<33, with: HostileFiles.bigEndian(HostileFiles.crc32(bytes[12..<29])))
    return bytes
  }

  /// An 8-bit grey PNG of these deflated rows.
  static func png(pixels: [UInt8], width: UInt32 = 48, height: UInt32 = 40) throws -> [UInt8] {
    Array(try png(width: width, height: height).prefix(33)) + HostileFiles.chunk("IDAT", pixels)
      + HostileFiles.chunk("IEND", [])
  }

  /// A true JPEG with another size in its frame header.
  private static func jpeg(width: UInt16, height: UInt16) throws -> [UInt8] {
    var bytes = try jpeg()
    let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange((frame + 5)..<(frame + 7), with: HostileFiles.bigEndian(height))
    bytes.replaceSubrange((frame + 7)..<(frame + 9), with: HostileFiles.bigEndian(width))
    return bytes
  }
}

@Suite struct HostileImageTests {
  @Test(arguments: HostileImage.all)
  func isRefused(image: HostileImage) throws {
    let bytes = try image.bytes()
    #expect { try GrayscaleImage(decoding: bytes) } throws: { image.isRefused(as: $0) }
  }

  @Test func refusalsAreOneLineWithARemedy() throws {
    for image in HostileImage.all {
      let bytes = try image.bytes()
      let error = #expect(throws: ImageFileError.self) { try GrayscaleImage(decoding: bytes) }
      let text = error.map { "\($0)" } ?? ""
      #expect(!text.contains("\n") && text.contains(": "))
    }
  }

  /// Odd and wasteful, and still pictures: what is beside the pixels is passed over, and not inflated.
  @Test func bombsBesideThePixelsDoNotMatter() throws {
    let image = try ImageFixtures.ramp(width: 48, height: 40)
    let whole = try image.pngBytes()
    let zeros = HostileFiles.deflatedZeros(16 << 20)
    #expect(zeros.count < 128 << 10)
    let text = HostileFiles.chunk("zTXt", Array("Comment\0\0".utf8) + zeros)
    let profile = HostileFiles.chunk("iCCP", Array("profile\0\0".utf8) + zeros)
    let files = [
      HostileFiles.png(whole, with: [profile]), HostileFiles.png(whole, with: Array(repeating: text, count: 8)),
      HostileFiles.png(whole, with: Array(repeating: HostileFiles.chunk("tEXt", Array("a\0b".utf8)), count: 20_000)),
    ]
    for file in files {
      #expect(try GrayscaleImage(decoding: file) == image)
      let texts = try ImageText.read(fromPNG: file)
      #expect(texts.count <= 64)
      #expect(texts.allSatisfy { $0.value.utf8.count <= 2 << 20 })
    }
  }

  @Test func aFewPixelsTooManyAreLeft() throws {
    let file = try HostileImage.png(pixels: HostileFiles.deflatedZeros(49 * 40 + 1000))
    #expect(try GrayscaleImage(decoding: file).pixels == [UInt8](repeating: 0, count: 48 * 40))
  }

  @Test func thinImagesAreImages() throws {
    for (width, height) in [(1, 1), (20_000, 1), (1, 20_000)] {
      let image = try ImageFixtures.ramp(width: width, height: height)
      #expect(try GrayscaleImage(decoding: image.pngBytes()) == image)
      let jpeg = try image.jpegBytes(quality: 100)
      let prepared = try jpeg.withUnsafeBytes { try ImagePreprocessing(size: 64)(decoding: $0) }
      #expect((prepared.originalWidth, prepared.originalHeight) == (width, height))
      #expect(prepared.image.pixels.count == 64 * 64)
    }
  }

  @Test func allowedScansAreRead() throws {
    let image = try GrayscaleImage(decoding: HostileFiles.progressiveJPEG(side: 64, scans: 199))
    #expect(image.pixels == [UInt8](repeating: 128, count: 64 * 64))
  }

  /// After `Exif`: too short, of no byte order, directories outside, of 65,535 entries, in the header; orientation 0, 9,
  /// 6 as text, 6 twice; an entry that is cut off.
  static let garbage: [[UInt8]] = [
    [], Array("MM".utf8), Array("II*\0".utf8), Array("XX\0*".utf8) + [0, 0, 0, 8], tiff([]),
    Array("MM\0*".utf8) + [255, 255, 255, 255], tiff([255, 255]), Array("MM\0*".utf8) + [0, 0, 0, 0],
    tiff([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0]), tiff([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0]),
    tiff([0, 1, 1, 0x12, 0, 2, 0, 0, 0, 1, 0, 6, 0, 0]), tiff([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 2, 0, 6, 0, 0]),
    tiff([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0]),
  ]

  private static func tiff(_ directory: [UInt8]) -> [UInt8] { Array("MM\0*".utf8) + [0, 0, 0, 8] + directory }

  @Test(arguments: garbage.indices)
  func garbageInEXIFIsNoOrientation(index: Int) throws {
    let whole = try ImageFixtures.ramp(width: 24, height: 16).jpegBytes()
    let file = HostileFiles.jpeg(whole, exif: Self.garbage[index])
    #expect(try GrayscaleImage(decoding: file) == GrayscaleImage(decoding: whole))
  }

  @Test func orientationInEXIFTurns() throws {
    // The same as the garbage above, with a value that makes sense: otherwise that test could not fail.
    let whole = try ImageFixtures.ramp(width: 24, height: 16).jpegBytes()
    let exif = Self.tiff([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0])
    #expect(try GrayscaleImage(decoding: HostileFiles.jpeg(whole, exif: exif)).width == 16)
  }

  /// Files cut at every third length and all along their ends, and 800 with random bytes changed: an error or an image,
  /// never a crash.
  @Test(arguments: ["png", "jpg"])
  func damagedFilesNeverCrash(kind: String) throws {
    let format = try #require(ImageFormat(pathExtension: kind))
    let whole = try ImageFixtures.ramp(width: 24, height: 20).encoded(
      as: format, metadata: [ImageText("Description", "a chest"), ImageText("thorax:seed", "7")])
    for length in Array(stride(from: 0, to: whole.count, by: 3)) + Array((whole.count - 20)..<whole.count) {
      let error = #expect(throws: ImageFileError.self) {
        try GrayscaleImage(decoding: Array(whole.prefix(length)))
      }
      switch error {
      case .empty: #expect(length == 0)
      case .unknownFormat: #expect(length > 0 && length < 8)
      case .corrupt(let named, _): #expect(named == format)
      default: Issue.record("cut to \(length) bytes: \(String(describing: error))")
      }
    }
    var state: UInt64 = 42
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let limits = ImageLimits(maximumSide: 500, maximumPixels: 50_000)
    for _ in 0..<800 {
      var bytes = whole
      for _ in 0...next(4) { bytes[next(bytes.count)] = UInt8(next(256)) }
      if let image = try? GrayscaleImage(decoding: bytes, limits: limits) {
        #expect(image.pixels.count == image.width * image.height)
      }
      if format == .png { _ = try? ImageText.read(fromPNG: bytes, limits: limits) }
    }
  }
}
