import DICOMTestSupport
import Foundation
import Testing

@testable import DICOMFiles

/// Numbers of a header that would take the image away.
@Suite struct RescaleTests {
  static let ramp = (0..<64).map { Float($0) }

  static func display(_ elements: [UInt32: String], tables: [UInt32: DICOMBuilder.Table] = [:]) throws -> [Float] {
    try DICOMFile(DICOMBuilder.radiograph(elements, tables: tables).file).pixels().values
  }

  @Test(arguments: ["0", "0.0", "-0", "1e-400", "nan", "-inf", "inf", "", "steep"], ["0", "-1024", "", "nan"])
  func aSlopeThatCannotBeAppliedIsNoRescale(slope: String, intercept: String) throws {
    #expect(try Self.display([Tag.rescaleSlope: slope, Tag.rescaleIntercept: intercept]) == Self.ramp)
  }

  @Test(arguments: ["", "nan", "inf", "low"]) func anInterceptThatIsNoneIsZero(intercept: String) throws {
    let values = try Self.display([Tag.rescaleSlope: "-2", Tag.rescaleIntercept: intercept])
    #expect(values == Self.ramp.map { -2 * $0 })
    #expect(try Self.display([Tag.rescaleIntercept: "5"]) == Self.ramp)
  }

  static let flattening = "its rescale slope and intercept leave no difference between neighbouring values"

  @Test(arguments: [("1", "1e30"), ("1", "-1e12"), ("1e-9", "1000"), ("1", "1e10"), ("1e-38", "0")])
  func numbersThatSwallowTheImageAreRefused(slope: String, intercept: String) throws {
    let file = try DICOMFile(
      DICOMBuilder.radiograph([Tag.rescaleSlope: slope, Tag.rescaleIntercept: intercept]).file)
    #expect(throws: DICOMError.corrupt(detail: Self.flattening)) { try file.pixels() }
    #expect(try file.pixels(.stored).values == Self.ramp)
  }

  static let oneGrey = "its rescale, lookup tables or window make one grey of all its values"

  @Test(arguments: [Tag.modalityTable, Tag.voiTable])
  func aTableOfOneValueIsRefused(sequence: UInt32) {
    for entries in [[7], [0, 0, 0], [UInt16](repeating: 4000, count: 4096)] as [[UInt16]] {
      let table = DICOMBuilder.Table(entries, bits: 12)
      #expect(throws: DICOMError.corrupt(detail: Self.oneGrey)) { try Self.display([:], tables: [sequence: table]) }
    }
  }

  @Test(arguments: [("-5000", "10"), ("9000", "100")])
  func aWindowBesideAllValuesIsRefused(center: String, width: String) {
    #expect(throws: DICOMError.corrupt(detail: Self.oneGrey)) {
      try Self.display([Tag.windowCenter: center, Tag.windowWidth: width])
    }
  }

  /// What was one grey already is not at fault for being one.
  @Test func anImageOfOneValueIsReadAsItIs() throws {
    let cells = [UInt16](repeating: 9, count: 64)
    let builder = DICOMBuilder.radiograph([Tag.windowCenter: "9000", Tag.windowWidth: "100"], cells: cells)
    #expect(Set(try DICOMFile(builder.file).pixels().values) == [0])
  }

  @Test func aRescaleBesideAModalityTableIsPassedOver() throws {
    let table = DICOMBuilder.Table((0..<4096).map { UInt16($0) }, bits: 12)
    let elements = [Tag.rescaleSlope: "3", Tag.rescaleIntercept: "100"]
    let file = try DICOMFile(DICOMBuilder.radiograph(elements, tables: [Tag.modalityTable: table]).file)
    #expect(try file.pixels().values == Self.ramp)
    #expect(try file.pixels().range == 0...4095)
  }
}
