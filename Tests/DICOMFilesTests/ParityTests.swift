import DICOMFiles
import Foundation
import Testing

/// Grey values against pydicom's, element by element.
@Suite struct ParityTests {
  /// JPEG's inverse transform is not the same to the last bit in two libraries.
  static let lossy: Set = ["jpeg-baseline", "jpeg-extended"]

  @Test func everyVariantHasAFixture() {
    #expect(DICOMFixtures.names.count >= 50)
  }

  @Test(arguments: DICOMFixtures.names, DICOMStage.allCases)
  func valuesAreThoseOfTheReference(name: String, stage: DICOMStage) throws {
    let pixels = try DICOMFixtures.file(name).pixels(stage)
    let index = try #require(DICOMStage.allCases.firstIndex(of: stage))
    let expected = try DICOMFixtures.expected(name)[index]
    #expect(pixels.width * pixels.height == pixels.values.count)
    #expect(pixels.values.count == expected.count)
    // One grey level of 255 over the range that values could have.
    let level = (pixels.range.upperBound - pixels.range.lowerBound) / 255
    let tolerance = Self.lossy.contains(name) ? level : level * 0.000_1
    let worst = zip(pixels.values, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= tolerance, "differs by \(worst), a level is \(level)")
  }

  @Test func transferSyntaxesAreNamed() throws {
    #expect(try DICOMFixtures.file("jpeg-ls").attributes.transferSyntaxName == "JPEG-LS Lossless")
    #expect(try DICOMFixtures.file("deflated").attributes.transferSyntaxUID == "1.2.840.10008.1.2.1.99")
  }

  @Test func ofSeveralFramesTheFirstIsRead() throws {
    let (frames, single) = (try DICOMFixtures.file("frames"), try DICOMFixtures.file("explicit"))
    #expect(frames.attributes.frames == 2)
    #expect(try frames.pixels(.stored).values == single.pixels(.stored).values)
    #expect(try DICOMFixtures.file("rle-frames").pixels(.stored).values == single.pixels(.stored).values)
  }
}
