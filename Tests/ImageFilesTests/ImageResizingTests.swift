import Testing

@testable import ImageFiles

@Suite struct ImageResizingTests {
  @Test(arguments: [(64, 48), (203, 40), (31, 151), (256, 256), (100, 300), (1, 1), (202, 150)])
  func equalsPillowWithinOneLevel(size: (Int, Int)) throws {
    let source = try GrayscaleImage(
      width: 203, height: 151, pixels: ImageFixtures.bytes("resize-source-203x151.u8"))
    let resized = try GrayPlane(source).resized(width: size.0, height: size.1).grayscale
    let difference = differences(resized.pixels, try ImageFixtures.bytes("resize-\(size.0)x\(size.1).u8"))
    #expect(difference.largest <= 1)
    #expect(difference.mean < 0.3)
  }

  @Test(arguments: [(64, 48), (203, 40), (31, 151), (256, 256), (100, 300), (1, 1), (202, 150)])
  func bicubicEqualsPillowWithinOneLevel(size: (Int, Int)) throws {
    let image = try ImageFixtures.source()
    let source = try DecodedImage(width: image.width, height: image.height, samples: .bits8(image.pixels))
    let resized = try source.resized(width: size.0, height: size.1, resampling: .bicubic).grayscale
    let difference = differences(resized.pixels, try ImageFixtures.bytes("bicubic-\(size.0)x\(size.1).u8"))
    #expect(difference.largest <= 1)
    #expect(difference.mean < 0.3)
  }

  /// Between the two passes Pillow cuts off what a cubic overshoots, and so it is done here.
  @Test(arguments: [(64, 48), (256, 256)])
  func overshootsEndAsInPillow(size: (Int, Int)) throws {
    let image = try ImageFixtures.source()
    let source = try DecodedImage(
      width: image.width, height: image.height, samples: .bits8(image.pixels.map { $0 >= 128 ? 255 : 0 }))
    let expected = try ImageFixtures.bytes("bicubic-edges-\(size.0)x\(size.1).u8")
    let resized = try source.resized(width: size.0, height: size.1, resampling: .bicubic)
    #expect(differences(resized.grayscale.pixels, expected).largest <= 1)
    #expect(resized.values.allSatisfy { (0...255).contains($0) })
    // Without limits there are overshoots.
    let free = try GrayPlane(source).resized(width: size.0, height: size.1, resampling: .bicubic)
    #expect(free.values.contains { $0 < -1 } && free.values.contains { $0 > 256 })
  }

  @Test func samplesOfEveryWidthResampleAlike() throws {
    let image = try ImageFixtures.source()
    let bytes = try DecodedImage(width: 203, height: 151, samples: .bits8(image.pixels))
    let words = try DecodedImage(width: 203, height: 151, samples: .bits16(image.pixels.map { UInt16($0) * 257 }))
    let expected = try bytes.resized(width: 50, height: 170)
    #expect(try GrayPlane(image).resized(width: 50, height: 170) == expected)
    for (one, other) in zip(try words.resized(width: 50, height: 170).values, expected.values) {
      #expect(abs(one / 257 - other) < 1e-3)
    }
  }

  @Test func croppingKeepsTheCentre() throws {
    // Columns 0...7; the centred 4 x 4 square holds columns 2...5.
    let image = try GrayscaleImage(width: 8, height: 4, pixels: (0..<32).map { UInt8($0 % 8) })
    let square = try GrayPlane(image).square(size: 4).grayscale
    #expect(square.pixels == (0..<16).map { UInt8($0 % 4 + 2) })
  }

  @Test func paddingKeepsEverything() throws {
    let image = try GrayscaleImage(width: 8, height: 4, pixels: Array(repeating: 9, count: 32))
    let square = try GrayPlane(image).square(size: 8, fit: .pad).grayscale
    let bar = [UInt8](repeating: 0, count: 16)
    #expect(square.pixels == bar + image.pixels + bar)
  }

  @Test func stretchingFillsTheSquare() throws {
    let image = try ImageFixtures.source()
    let square = try GrayPlane(image).square(size: 40, fit: .stretch)
    #expect(square == (try GrayPlane(image).resized(width: 40, height: 40)))
  }

  @Test func normalisingSpansTheRange() throws {
    let image = try GrayscaleImage(width: 3, height: 1, pixels: [50, 75, 100])
    #expect(GrayPlane(image).minMaxNormalized().grayscale.pixels == [0, 128, 255])
    let flat = try GrayscaleImage(width: 2, height: 1, pixels: [50, 50])
    #expect(GrayPlane(flat).minMaxNormalized().grayscale.pixels == [0, 0])
  }

  @Test(arguments: [0, -1])
  func sizesBelowOneAreRefused(size: Int) throws {
    let plane = GrayPlane(try ImageFixtures.ramp(width: 4, height: 4))
    #expect(throws: ImageFileError.invalidTargetSize(size)) { try plane.square(size: size) }
  }
}
