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
  }

  @Test func aLargeJPEGIsReducedWhileItIsDecoded() throws {
    let bytes = try ImageFixtures.ramp(width: 640, height: 400).jpegBytes()
    let sizes = try [nil, 201, 200, 100, 50, 20].map { side in
      let image = try bytes.withUnsafeBytes { try DecodedImage(decoding: $0, minimumSide: side) }
      return image.height
    }
    #expect(sizes == [400, 400, 200, 100, 50, 50])
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
}
