import DICOMFiles
import DICOMTestSupport
import Foundation
import Testing

/// Files that begin without their 128 bytes and DICM, without meta information, or without both.
@Suite struct NoPreambleTests {
  /// Where a fixture's data set begins: behind the group of meta information, whose length is its first element.
  static func dataSetStart(_ data: Data) -> Int {
    let length = data[140..<144].reversed().reduce(0) { $0 << 8 | Int($1) }
    return 144 + length
  }

  static let encapsulated = ["jpeg", "rle", "fragments"]

  @Test(arguments: DICOMFixtures.names)
  func aDataSetAloneIsReadAsTheWholeFileIs(name: String) throws {
    let data = try DICOMFixtures.data(name)
    let whole = try DICOMFile(data)
    let bare = Data(data.dropFirst(Self.dataSetStart(data)))
    if whole.attributes.transferSyntaxUID == "1.2.840.10008.1.2.1.99" {
      #expect(throws: DICOMError.notDICOM) { try DICOMFile(bare) }
      return
    }
    #expect(DICOMFile.isDICOM(bare))
    let file = try DICOMFile(bare)
    var expected = whole.attributes
    if Self.encapsulated.contains(where: { name.hasPrefix($0) }) {
      let detail = "compressed pixels, and no preamble to name their transfer syntax"
      #expect(throws: DICOMError.unsupported(detail: detail)) { try file.pixels() }
      #expect(file.attributes.modality == expected.modality && file.attributes.rows == expected.rows)
    } else {
      #expect(file.attributes == expected)
      #expect(try file.pixels() == whole.pixels())
    }
    expected = whole.attributes
    // The meta information alone, behind DICM at once, or at byte 0; and DICM with no meta information behind it.
    for form in [data.dropFirst(128), data.dropFirst(132)] {
      #expect(try DICOMFile(Data(form)).pixels() == whole.pixels())
      #expect(try DICOMFile(Data(form)).attributes == expected)
    }
    let withoutMeta = data.prefix(132) + bare
    #expect(try DICOMFile(withoutMeta).attributes.rows == expected.rows)
  }

  @Test(arguments: [DICOMBuilder.explicitLittleEndian, DICOMBuilder.implicitLittleEndian])
  func theSyntaxIsToldFromTheFirstElement(syntax: String) throws {
    let builder = DICOMBuilder.radiograph([0x0008_0016: "1.2.840.10008.5.1.4.1.1.1.1"], transferSyntax: syntax)
    let file = try DICOMFile(Data(builder.bytes))
    #expect(file.attributes == (try DICOMFile(builder.file).attributes))
    #expect(file.attributes.transferSyntaxUID == syntax)
    #expect(try file.pixels(.stored).values == (0..<64).map { Float($0) })
  }

  @Test func cutAnywhereItIsRefusedOrWhole() throws {
    let bytes = DICOMBuilder.radiograph([0x0008_0016: "1.2.840.10008.5.1.4.1.1.1"]).bytes
    for count in 0..<bytes.count {
      do throws(DICOMError) {
        let file = try DICOMFile(Data(bytes.prefix(count)))
        let there = count - (bytes.count - 128)
        let expected: DICOMError =
          file.attributes.hasPixels ? .corrupt(detail: "\(there) of 128 bytes of pixels are there") : .noPixels
        #expect(throws: expected) { try file.pixels() }
      } catch {
        // Once its first element, 34 bytes long, has said what it is, the header is known to be cut.
        #expect(error == (count < 34 ? .notDICOM : .truncated), "\(count)")
      }
    }
  }

  static let strangers: [(String, [UInt8])] = {
    var short = DICOMBuilder()
    short.text(0x0008_0005, "ISO_IR 100", vr: "CS")
    short.text(0x0008_0060, "CR", vr: "CS")
    var unordered = DICOMBuilder()
    unordered.text(0x0008_0060, "CR", vr: "CS")
    unordered.text(0x0008_0005, "ISO_IR 100", vr: "CS")
    unordered.text(0x0008_0016, "1.2.840.10008.5.1.4.1.1.1", vr: "UI")
    var meta = DICOMBuilder()
    meta.text(0x0002_0010, "1.2.840.10008.1.2.1", vr: "UI")
    let generator: [UInt8] = (0..<4000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 11) }
    return [
      ("nothing", []), ("text", Array("Chest radiograph of nobody.\n".utf8) + [UInt8](repeating: 32, count: 500)),
      ("PNG", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + [UInt8](repeating: 0, count: 500)),
      ("JPEG", [0xFF, 0xD8, 0xFF, 0xE0] + generator), ("gzip", [0x1F, 0x8B, 8, 0] + generator),
      ("zip", Array("PK\u{3}\u{4}".utf8) + generator), ("zeros", [UInt8](repeating: 0, count: 1000)),
      ("eights", [UInt8](repeating: 8, count: 1000)), ("a beginning alone", [8, 0, 5, 0, 0, 0, 0, 0]),
      ("a beginning and noise", [8, 0, 0x16, 0, 0x1A, 0, 0, 0] + generator),
      ("a beginning and more noise", [8, 0, 5, 0, 0x43, 0x53, 10, 0] + generator),
      ("a first length beyond reason", [8, 0, 5, 0, 0, 0, 1, 0] + generator),
      ("the meta group's number", [2, 0, 0, 0, 9, 9, 9, 9] + generator),
      ("a data set that does not say what it is", short.bytes), ("elements out of order", unordered.bytes),
      ("meta information of nothing", Array(meta.bytes.prefix(8))),
    ]
  }()

  @Test(arguments: strangers) func filesOfOtherKindsAreNotTaken(what: String, bytes: [UInt8]) {
    #expect(throws: DICOMError.notDICOM, "\(what)") { try DICOMFile(Data(bytes)) }
  }
}
