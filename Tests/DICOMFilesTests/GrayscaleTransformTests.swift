import DICOMTestSupport
import Foundation
import Testing

@testable import DICOMFiles

@Suite struct GrayscaleTransformTests {
  func transform(bits: Int = 12, signed: Bool = false) -> GrayscaleTransform {
    GrayscaleTransform(valueBits: bits, isSigned: signed, bitsStored: bits, isInverted: false)
  }

  /// pydicom indexes such a table with 8 bits and wraps around, so that no golden value can say this.
  @Test func aTableOfEightBitsTakesInputsOfTwelve() {
    var transform = transform()
    transform.voiTable = LookupTable(entries: (0..<4096).map { UInt16($0 / 16) }, first: 0, bits: 8)
    let values = transform.values(at: .voi)
    #expect(values[255] == 15)
    #expect(values[256] == 16)
    #expect(values[4095] == 255)
    #expect(transform.ends(of: .voi) == (0, 255))
  }

  @Test func inputsBesideATableTakeItsEnds() {
    let table = LookupTable(entries: [7, 8, 9], first: -1, bits: 8)
    #expect([-1e300, -2, -1, -0.5, 0, 1, 2, 1e300].map(table.value) == [7, 7, 7, 7, 8, 9, 9, 9])
  }

  @Test func numbersAreInTwosComplement() {
    let transform = transform(bits: 4, signed: true)
    #expect(transform.values(at: .stored) == [0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1])
    #expect(transform.ends(of: .stored) == (-8, 7))
  }

  @Test func aWindowOfOneIsAThreshold() {
    let window = Window(center: 10, width: 1, function: .linear)
    #expect([9, 9.5, 9.6, 10].map { window.value(of: $0, lowest: 0, highest: 255) } == [0, 0, 255, 255])
  }

  /// PS3.3, C.11.2.1.2.1: a window of the whole range changes nothing.
  @Test func aWindowOfTheWholeRangeIsTheIdentity() {
    var transform = transform()
    transform.window = Window(center: 2048, width: 4096, function: .linear)
    let values = transform.values(at: .voi)
    #expect(zip(values, 0...4095).allSatisfy { abs($0 - Double($1)) < 1e-9 })
  }

  @Test func widthsThatCannotBeAppliedAreNoWindow() throws {
    for (width, function) in [("0.5", "LINEAR"), ("0", "LINEAR_EXACT"), ("-3", "SIGMOID"), ("wide", "LINEAR")] {
      var elements = [Tag.windowCenter: "10", Tag.windowWidth: width]
      elements[0x0028_1056] = function
      let file = try DICOMFile(DICOMBuilder.radiograph(elements).file)
      #expect(try file.pixels(.voi).values == file.pixels(.stored).values)
    }
  }

  @Test(arguments: [("1e300", "0"), ("1", "1e300")])
  func numbersBeyondThoseThatAreAreRefused(slope: String, intercept: String) throws {
    let detail = "its rescale slope or window leaves the numbers that are"
    let elements = [Tag.rescaleSlope: slope, Tag.rescaleIntercept: intercept]
    let file = try DICOMFile(DICOMBuilder.radiograph(elements).file)
    #expect(throws: DICOMError.corrupt(detail: detail)) { try file.pixels() }
    #expect(try file.pixels(.stored).values.count == 64)
  }

  @Test func infinityAndNothingAreNoNumbers() throws {
    for text in ["inf", "nan", "", "1\\", "x"] {
      let elements = [Tag.rescaleSlope: text, Tag.rescaleIntercept: "5"]
      let values = try DICOMFile(DICOMBuilder.radiograph(elements).file).pixels(.modality).values
      #expect(values.first == (text == "1\\" ? 5 : 0))
    }
  }

  @Test func anImageOfPaddingAloneIsBlack() throws {
    let padding = [0x0028_0120: 0, 0x0028_0121: 100] as [UInt32: Int]
    let builder = DICOMBuilder.radiograph(numbers: padding, width: 2, height: 2)
    #expect(try DICOMFile(builder.file).pixels().values == [0, 0, 0, 0])
  }
}
