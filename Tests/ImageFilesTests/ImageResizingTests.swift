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
