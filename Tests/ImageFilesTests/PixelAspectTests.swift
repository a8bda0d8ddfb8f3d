import Foundation
import Testing

@testable import ImageFiles

/// Pixels that are not square: what PNG and JPEG say of them, and what becomes of it.
@Suite struct PixelAspectTests {
  static let (width, height) = (64, 32)
  static let image = DecodedImage(
    width: width, height: height, samples: .bits8((0..<(width * height)).map { UInt8(truncatingIfNeeded: $0) }),
    originalWidth: width, originalHeight: height, pixelAspect: 1
  ).grayscale

  /// A PNG with the chunk pHYs behind its header: pixels along a unit's length.
  static func png(across: UInt32, down: UInt32, unit: UInt8) throws -> [UInt8] {
    let bytes = try image.pngBytes()
    let chunk = HostileFiles.chunk(
      "pHYs", HostileFiles.bigEndian(across) + HostileFiles.bigEndian(down) + [unit])
    return Array(bytes.prefix(33)) + chunk + Array(bytes.dropFirst(33))
  }

  /// A JPEG whose JFIF header has these densities.
  static func jpeg(unit: UInt8, across: UInt16, down: UInt16) throws -> [UInt8] {
    var bytes = try image.jpegBytes(quality: 90)
    let jfif = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("JFIF\0".utf8)) })
    bytes.replaceSubrange(
      (jfif + 7)..<(jfif + 12),
      with: [unit, UInt8(across >> 8), UInt8(across & 255), UInt8(down >> 8), UInt8(down & 255)])
    return bytes
  }

  static func decode(_ bytes: [UInt8]) throws -> DecodedImage {
    try bytes.withUnsafeBytes { bytes in
      try Result { () throws(ImageFileError) in try DecodedImage(decoding: bytes) }.get()
    }
  }

  @Test(
    arguments: [
      (1, 1, 1), (2, 1, 2), (1, 2, 0.5), (11_811, 11_811, 1), (300, 200, 1.5), (0, 0, 1), (0, 5, 1), (1, 100, 1),
      (UInt32.max, 1, 1), (10_000, 10_001, 1),
    ] as [(UInt32, UInt32, Double)])
  func densitiesOfAPNGGiveTheAspect(across: UInt32, down: UInt32, aspect: Double) throws {
    for unit in [0, 1] as [UInt8] {
      #expect(try Self.decode(Self.png(across: across, down: down, unit: unit)).pixelAspect == aspect)
    }
  }

  @Test(
    arguments: [(1, 1, 1), (2, 1, 2), (1, 2, 0.5), (72, 72, 1), (0, 0, 1), (0, 1, 1), (1, 65_535, 1)]
      as [(UInt16, UInt16, Double)])
  func densitiesOfAJPEGGiveTheAspect(across: UInt16, down: UInt16, aspect: Double) throws {
    for unit in [0, 1, 2] as [UInt8] {
      #expect(try Self.decode(Self.jpeg(unit: unit, across: across, down: down)).pixelAspect == aspect)
    }
  }

  /// Both readers of PNG, that of libpng (interlaced files and colour) and that of grey files.
  @Test func aFileWithoutDensitiesHasSquarePixels() throws {
    #expect(try Self.decode(Self.image.pngBytes()).pixelAspect == 1)
    #expect(try Self.decode(Self.image.jpegBytes(quality: 90)).pixelAspect == 1)
  }

  @Test(arguments: SquareFit.allCases) func theSquareIsMeasuredInLengths(fit: SquareFit) throws {
    let tall = try SquareLayout(width: 64, height: 32, pixelAspect: 2, size: 16, fit: fit)
    #expect(tall.source == PixelRectangle(x: 0, y: 0, width: 64, height: 32))
    #expect(tall.width == 16 && tall.height == 16)
  }

  @Test func layoutsOfOblongPixels() throws {
    let crop = try SquareLayout(width: 100, height: 100, pixelAspect: 2, size: 16, fit: .crop)
    #expect(crop.source == PixelRectangle(x: 0, y: 25, width: 100, height: 50))
    let pad = try SquareLayout(width: 100, height: 100, pixelAspect: 2, size: 16, fit: .pad)
    #expect(pad.width == 8 && pad.height == 16)
    let wide = try SquareLayout(width: 100, height: 100, pixelAspect: 0.5, size: 16, fit: .crop)
    #expect(wide.source == PixelRectangle(x: 25, y: 0, width: 50, height: 100))
    let least = try SquareLayout(width: 1, height: 1, pixelAspect: 10, size: 16, fit: .crop)
    #expect(least.source == PixelRectangle(x: 0, y: 0, width: 1, height: 1))
  }

  @Test func squarePixelsAreLaidOutAsBefore() throws {
    for (width, height) in [(7, 3), (3, 7), (2000, 1501), (1, 999)] {
      let side = min(width, height)
      let crop = try SquareLayout(width: width, height: height, size: 256, fit: .crop)
      #expect(
        crop.source
          == PixelRectangle(x: (width - side) / 2, y: (height - side) / 2, width: side, height: side))
    }
  }

  @Test func preparingGoesByThePixelsShape() throws {
    let settings = ImagePreprocessing(size: 32, fit: .pad)
    let stored = try Self.png(across: 2, down: 1, unit: 0).withUnsafeBytes { bytes in
      try Result { () throws(ImageFileError) in try settings(decoding: bytes) }.get()
    }
    // 64 widths of a pixel by 32 heights of two: nothing is left to fill.
    #expect(stored.image.pixels.prefix(32).contains { $0 != 0 } && stored.image.pixels.suffix(32).contains { $0 != 0 })
    #expect(stored.originalWidth == 64 && stored.originalHeight == 32)
  }
}
