import Foundation
import Testing

@testable import ImageFiles

@Suite struct ImageReadingTests {
  @Test(arguments: ["grey", "rgb", "rgba", "palette", "one-bit", "interlaced", "one-pixel"])
  func pngKindsEqualPillow(name: String) throws {
    let image = try GrayscaleImage(decoding: ImageFixtures.bytes(name + ".png"))
    #expect(image.pixels == (try ImageFixtures.bytes(name + ".u8")))
    #expect(image.width == (name == "one-pixel" ? 1 : 37))
  }

  @Test(arguments: ["grey-alpha", "two-bit", "four-bit"])
  func rarerPNGKindsEqualTheirPixels(name: String) throws {
    let image = try GrayscaleImage(decoding: ImageFixtures.bytes(name + ".png"))
    #expect(image.pixels == (try ImageFixtures.bytes(name + ".u8")))
    #expect((image.width, image.height) == (37, 29))
  }

  @Test func allFiltersAreUndone() throws {
    let image = try GrayscaleImage(decoding: ImageFixtures.bytes("filters.png"))
    #expect(image.pixels == (try ImageFixtures.bytes("filters.u8")))
    let wide = try ImageFixtures.decoded("filters-sixteen-bit.png")
    #expect(wide.samples == .bits16(try ImageFixtures.words("filters-sixteen-bit.u16")))
  }

  /// Grey files in order take a way of their own, and an odd but harmless chunk leads to libpng's: both agree.
  @Test func bothWaysOfReadingAGreyPNGAgree() throws {
    for (width, height) in [(1, 1), (1, 30), (7, 9), (8, 8), (9, 7), (64, 65), (300, 17), (2_000, 150)] {
      let image = try ImageFixtures.ramp(width: width, height: height)
      var file = try image.pngBytes()
      #expect(try GrayscaleImage(decoding: file) == image)
      // A text whose checksum is wrong: libpng passes over it.
      file.replaceSubrange(33..<33, with: [0, 0, 0, 3] + Array("tEXta\0b".utf8) + [1, 2, 3, 4])
      #expect(try GrayscaleImage(decoding: file) == image)
    }
  }

  @Test(arguments: 1...8)
  func everyEXIFOrientationIsAppliedAsPillowDoes(orientation: Int) throws {
    let image = try ImageFixtures.decoded("orientation-\(orientation).jpg")
    #expect((image.width, image.height) == (orientation < 5 ? (37, 29) : (29, 37)))
    #expect((image.originalWidth, image.originalHeight) == (image.width, image.height))
    let expected = try ImageFixtures.bytes("orientation-\(orientation).u8")
    #expect(differences(image.grayscale.pixels, expected).largest <= 1)
  }

  @Test(arguments: ["jpeg-grey", "jpeg-ycbcr", "jpeg-progressive", "jpeg-cmyk", "jpeg-ycck"])
  func jpegKindsEqualPillow(name: String) throws {
    let image = try GrayscaleImage(decoding: ImageFixtures.bytes(name + ".jpg"))
    let expected = try ImageFixtures.bytes(name + ".u8")
    #expect((image.width, image.height) == (37, 29))
    // Pillow takes the way over RGB, which rounds (and, where a colour leaves 0...255, clips) once more.
    let difference = differences(image.pixels, expected)
    #expect(difference.mean < 1)
    #expect(difference.largest <= (name == "jpeg-grey" ? 1 : 24))
  }

  @Test func sixteenBitsSurviveReading() throws {
    let bytes = try ImageFixtures.bytes("sixteen-bit.png")
    let image = try bytes.withUnsafeBytes { try DecodedImage(decoding: $0) }
    let expected = try ImageFixtures.bytes("sixteen-bit.u16").withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }
    #expect(image.samples == .bits16(expected))
    let grey = try ImageFixtures.bytes("grey.u8")
    #expect(differences(image.grayscale.pixels, grey).largest <= 1)
    let colour = try ImageFixtures.decoded("rgb-sixteen-bit.png")
    #expect(colour.samples == .bits16(try ImageFixtures.words("rgb-sixteen-bit.u16")))
  }

  @Test func aLargeJPEGIsReducedWhileItIsDecoded() throws {
    let bytes = try ImageFixtures.ramp(width: 640, height: 400).jpegBytes()
    let sizes = try [nil, 201, 200, 100, 50, 20].map { side in
      let image = try bytes.withUnsafeBytes { try DecodedImage(decoding: $0, minimumSide: side) }
      return image.height
    }
    #expect(sizes == [400, 400, 200, 100, 50, 50])
    let reduced = try bytes.withUnsafeBytes { try DecodedImage(decoding: $0, minimumSide: 50) }
    #expect((reduced.width, reduced.originalWidth, reduced.originalHeight) == (80, 640, 400))
  }

  @Test func limitsAreTheCallers() throws {
    let bytes = try ImageFixtures.bytes("grey.png")
    let narrow = ImageLimits(maximumSide: 36, maximumPixels: 100_000)
    let few = ImageLimits(maximumSide: 100, maximumPixels: 37 * 29 - 1)
    let enough = ImageLimits(maximumSide: 37, maximumPixels: 37 * 29)
    for limits in [narrow, few] {
      #expect { try GrayscaleImage(decoding: bytes, limits: limits) } throws: { error in
        guard case .tooLarge(let detail, limits) = error as? ImageFileError else { return false }
        return detail.contains("37 x 29")
      }
    }
    #expect(try GrayscaleImage(decoding: bytes, limits: enough).height == 29)
  }

  @Test func aFileThatIsNotThereNamesItself() {
    #expect { try GrayscaleImage(contentsOf: "/no/such/image.png") } throws: { error in
      guard case .unreadable(path: "/no/such/image.png", _) = error as? ImageFileError else { return false }
      return true
    }
  }

  @Test(arguments: ["/dev/zero", "/"])
  func whatIsNoFileIsNotRead(path: String) {
    #expect(throws: ImageFileError.unreadable(path: path, reason: "it is not a file")) {
      try DecodedImage(contentsOf: path)
    }
  }

  @Test func aFileThatIsTooLargeIsNotRead() throws {
    let path = ImageFixtures.folder.appendingPathComponent("grey.png").path
    #expect {
      try DecodedImage(contentsOf: path, limits: ImageLimits(maximumSide: 100, maximumPixels: 10))
    } throws: { error in
      guard case .tooLarge(let detail, _) = error as? ImageFileError else { return false }
      return detail.contains("bytes")
    }
  }
}
