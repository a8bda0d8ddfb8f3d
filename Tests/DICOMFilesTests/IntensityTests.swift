import DICOMFiles
import DICOMTestSupport
import Foundation
import ImageFiles
import Testing

/// `IntensityMapping.none`: the range that values could have on 0...255, whatever of it the image has.
@Suite struct IntensityTests {
  static let side = 256

  /// Every pattern of `bits` bits, many times over, at `shift` in their cells.
  static func cells(bits: Int, shift: Int) -> [UInt16] {
    (0..<(side * side)).map { UInt16(truncatingIfNeeded: ($0 % (1 << bits)) << shift) }
  }

  static func pixels(_ builder: DICOMBuilder) throws -> [UInt8] {
    try ImagePreprocessing(size: side, intensity: .none)(DICOMFile(builder.file).pixels()).pixels
  }

  @Test(arguments: 8...16, [false, true])
  func theStoredRangeIsSpreadAtEveryDepth(bits: Int, isSigned: Bool) throws {
    let greatest = Double(1 << bits) - 1
    for shift in Set([0, (16 - bits) / 2, 16 - bits]) {
      for colour in ["MONOCHROME1", "MONOCHROME2"] {
        let numbers = [
          Tag.bitsStored: bits, Tag.highBit: bits - 1 + shift, Tag.pixelRepresentation: isSigned ? 1 : 0,
        ]
        let cells = Self.cells(bits: bits, shift: shift)
        let stored = try Self.pixels(
          .radiograph([Tag.photometric: colour], numbers: numbers, width: Self.side, height: Self.side, cells: cells))
        let expected = cells.map { cell in
          let pattern = Int(cell) >> shift
          let half = 1 << (bits - 1)
          let place = Double(isSigned ? (pattern + half) % (1 << bits) : pattern)
          let value = colour == "MONOCHROME1" ? greatest - place : place
          return UInt8((value / greatest * 255 + 0.5).rounded(.down))
        }
        #expect(stored == expected, "\(bits) bits at \(shift), \(colour)")
      }
    }
  }

  @Test func eightBitsAllocatedStayAsTheyAre() throws {
    let numbers = [Tag.bitsAllocated: 8, Tag.bitsStored: 8, Tag.highBit: 7]
    let values = (0..<(Self.side * Self.side)).map { UInt8(truncatingIfNeeded: $0) }
    let cells = stride(from: 0, to: values.count, by: 2).map { UInt16(values[$0]) | UInt16(values[$0 + 1]) << 8 }
    #expect(try Self.pixels(.radiograph(numbers: numbers, width: Self.side, height: Self.side, cells: cells)) == values)
  }

  /// Tables say 16 bits whatever their entries take, and have as many entries as they like.
  @Test(arguments: [8, 10, 12, 16], [Tag.voiTable, Tag.modalityTable])
  func aTableFillsTheRangeThatItsEntriesTake(bits: Int, sequence: UInt32) throws {
    let greatest = Double(1 << bits) - 1
    for count in [2, 16, 256, 4096] {
      for claimed in [bits, 16] {
        for colour in ["MONOCHROME1", "MONOCHROME2"] {
          let entries = (0..<count).map { UInt16((Double($0) / Double(count - 1) * greatest).rounded()) }
          let table = DICOMBuilder.Table(entries, bits: claimed)
          let stored = try Self.pixels(
            .radiograph([Tag.photometric: colour], tables: [sequence: table], width: Self.side, height: Self.side))
          let expected = (0..<(Self.side * Self.side)).map { index in
            let value = Double(entries[min(index % 4096, count - 1)])
            let seen = colour == "MONOCHROME1" ? greatest - value : value
            return UInt8((seen / greatest * 255 + 0.5).rounded(.down))
          }
          #expect(stored == expected, "\(count) entries of \(bits) bits, \(claimed) claimed, \(colour)")
          #expect(stored.min() == 0 && stored.max() == 255)
        }
      }
    }
  }

  /// A table whose entries take more bits than it says, too: nothing is clipped.
  @Test func aTableThatClaimsTooFewBitsIsNotClipped() throws {
    let table = DICOMBuilder.Table((0..<4096).map { UInt16($0) }, bits: 8)
    let stored = try Self.pixels(.radiograph(tables: [Tag.voiTable: table], width: Self.side, height: Self.side))
    #expect(stored.prefix(4096).filter { $0 == 255 }.count == 9)
    #expect(Set(stored).count == 256)
  }

  @Test(arguments: [("1", "-1024"), ("2.5", "0"), ("-1", "4095"), ("0.001", "7"), ("-3", "-9")])
  func aRescaleMovesNothing(slope: String, intercept: String) throws {
    let elements = [Tag.rescaleSlope: slope, Tag.rescaleIntercept: intercept]
    let stored = try Self.pixels(.radiograph(elements, width: Self.side, height: Self.side))
    let straight = (0..<4096).map { UInt8((Double($0) / 4095 * 255 + 0.5).rounded(.down)) }
    #expect(Array(stored.prefix(4096)) == (slope.hasPrefix("-") ? straight.reversed() : straight))
  }

  /// The window is the picture's own, and what lies outside of it is black or white (docs/data-dicom.md).
  @Test func aWindowFillsTheRangeAndClips() throws {
    let elements = [Tag.windowCenter: "1000", Tag.windowWidth: "500"]
    let stored = try Self.pixels(.radiograph(elements, width: Self.side, height: Self.side))
    #expect(stored[...750].allSatisfy { $0 == 0 } && stored[1250..<4096].allSatisfy { $0 == 255 })
    #expect((126...129).contains(stored[1000]))
  }
}
