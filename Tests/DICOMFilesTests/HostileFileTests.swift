import DICOMFiles
import DICOMTestSupport
import Foundation
import ImageFiles
import Testing

/// Files made to break a reader: each is one clear error, whatever it asks for.
@Suite struct HostileFileTests {
  @Test(arguments: DICOMFixtures.names)
  func cutAnywhereAFileIsRefusedOrWhole(name: String) throws {
    let data = try DICOMFixtures.data(name)
    let whole = try DICOMFile(data)
    let values = try whole.pixels(.stored).values
    for count in stride(from: 0, to: data.count, by: 41) {
      do throws(DICOMError) {
        let file = try DICOMFile(data.prefix(count))
        // A codec may make up for what is missing at a lossy image's very end; nothing else may.
        let pixels = try file.pixels(.stored)
        #expect(pixels.values.count == values.count)
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test func sequencesNestedTooDeepAreRefused() {
    var builder = DICOMBuilder()
    for _ in 0..<100_000 {
      builder.element(0x0009_1010, "SQ", [], length: DICOMBuilder.undefinedLength)
      builder.item(Tag.item, length: DICOMBuilder.undefinedLength)
    }
    #expect(throws: DICOMError.corrupt(detail: "it nests more than 32 deep")) { try DICOMFile(builder.file) }
  }

  @Test func nestingOfDefinedLengthsCostsNothing() throws {
    var inner: [UInt8] = []
    for _ in 0..<200 {
      var builder = DICOMBuilder()
      builder.item(Tag.item, length: UInt32(inner.count))
      builder.raw(inner)
      var outer = DICOMBuilder()
      outer.element(0x0009_1010, "SQ", builder.bytes)
      inner = outer.bytes
    }
    var builder = DICOMBuilder()
    builder.raw(inner)
    builder.text(Tag.modality, "DX")
    builder.raw([])
    #expect(throws: DICOMError.noPixels) { try DICOMFile(builder.file).pixels() }
  }

  @Test(
    arguments: [
      (
        [Tag.rows: 65_535, Tag.columns: 65_535],
        .tooLarge(detail: "the header says 65535 x 65535 pixels", limits: .standard)
      ),
      ([Tag.rows: 2000, Tag.columns: 2000], .corrupt(detail: "128 of 8000000 bytes of pixels are there")),
      ([Tag.rows: 0], .corrupt(detail: "it has no rows or no columns")),
      ([Tag.columns: 0], .corrupt(detail: "it has no rows or no columns")),
      ([Tag.bitsAllocated: 32], .unsupported(detail: "32 bits allocated")),
      ([Tag.bitsAllocated: 12], .unsupported(detail: "12 bits allocated")),
      ([Tag.bitsStored: 0], .corrupt(detail: "0 of 16 bits stored")),
      ([Tag.bitsStored: 17], .corrupt(detail: "17 of 16 bits stored")),
      ([Tag.highBit: 16], .corrupt(detail: "12 bits stored below high bit 16")),
      ([Tag.highBit: 3], .corrupt(detail: "12 bits stored below high bit 3")),
      ([Tag.pixelRepresentation: 2], .corrupt(detail: "pixel representation 2")),
      ([Tag.samplesPerPixel: 3], .unsupported(detail: "3 samples a pixel")),
    ] as [([UInt32: Int], DICOMError)])
  func imagesThatCannotBeAreRefused(numbers: [UInt32: Int], error: DICOMError) throws {
    let file = try DICOMFile(DICOMBuilder.radiograph(numbers: numbers).file)
    #expect(throws: error) { try file.pixels() }
    #expect(!error.description.contains("\n"))
  }

  @Test func coloursAreRefusedByName() throws {
    let other = "a photometric interpretation other than MONOCHROME"
    // What the standard does not have is not repeated: it may be anybody's text.
    let details = [
      "RGB": "RGB", "YBR_FULL": "YBR_FULL", "PALETTE COLOR": "PALETTE COLOR", "": other, "DOE^JANE": other,
    ]
    for (colour, detail) in details {
      let file = try DICOMFile(DICOMBuilder.radiograph([Tag.photometric: colour]).file)
      #expect(throws: DICOMError.unsupported(detail: detail)) { try file.pixels() }
    }
  }

  @Test func transferSyntaxesThatAreNotReadAreRefusedByName() throws {
    for (uid, name) in [
      ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile @ Main Level"), ("1.2.3.4", "transfer syntax 1.2.3.4"),
    ] {
      let file = try DICOMFile(DICOMBuilder.radiograph(transferSyntax: uid).file)
      #expect(!file.attributes.transferSyntaxIsRead)
      #expect(throws: DICOMError.unsupported(detail: name)) { try file.pixels() }
    }
  }

  @Test func limitsHold() throws {
    let data = DICOMBuilder.radiograph(width: 20, height: 10).file
    let limits = [
      ImageLimits(maximumSide: 19, maximumPixels: 1000), ImageLimits(maximumSide: 20, maximumPixels: 199),
    ]
    for limits in limits {
      #expect(throws: DICOMError.tooLarge(detail: "the header says 20 x 10 pixels", limits: limits)) {
        try DICOMFile(data, limits: limits).pixels()
      }
    }
    #expect(try DICOMFile(data, limits: ImageLimits(maximumSide: 20, maximumPixels: 200)).pixels().width == 20)
  }

  @Test func lengthsBeyondTheirSurroundingsAreRefused() {
    var item = DICOMBuilder()
    item.text(0x0008_0100, "R-10206", vr: "SH")
    for (sequenceLength, itemLength) in [(8 + 16, 17), (20, 100), (8, 0xFFFF_FFFE)] as [(UInt32, UInt32)] {
      var builder = DICOMBuilder()
      builder.element(0x0054_0220, "SQ", [], length: sequenceLength)
      builder.item(Tag.item, length: itemLength)
      builder.raw(item.bytes + [UInt8](repeating: 0, count: 400))
      #expect(throws: DICOMError.corrupt(detail: "a length reaches beyond its item or sequence")) {
        try DICOMFile(builder.file)
      }
    }
    var builder = DICOMBuilder()
    builder.element(Tag.modality, "OB", [], length: 0xFFFF_FFF0)
    #expect(throws: DICOMError.truncated) { try DICOMFile(builder.file) }
  }

  @Test func elementsOfAWrongRepresentationAreNotThere() throws {
    var builder = DICOMBuilder()
    builder.element(Tag.modality, "SQ", Array("CR".utf8))
    builder.element(Tag.patientID, "US", [1, 0])
    builder.element(Tag.rows, "UL", [8, 0, 0, 0])
    builder.element(Tag.columns, "US", [8])
    let attributes = try DICOMFile(builder.file).attributes
    #expect(attributes.modality == nil)
    #expect(attributes.patientID == nil)
    #expect(attributes.rows == 0)
    #expect(attributes.columns == 0)
  }

  @Test func aRepresentationThatIsNoneIsDamage() {
    var builder = DICOMBuilder()
    builder.element(Tag.modality, "zz", Array("CR".utf8))
    #expect(throws: DICOMError.corrupt(detail: "element (0008,0060) has an unknown value representation")) {
      try DICOMFile(builder.file)
    }
  }

  /// 16 KiB of deflated zeros: what they become is cut off by the limits.
  @Test func aDeflatedBombIsCutOff() throws {
    var block = DICOMBuilder(transferSyntax: "1.2.840.10008.1.2.1.99")
    // Deflate with one distance of 258 bytes over and over: a fixed block, then matches, one in about 13 bits.
    block.raw(Self.deflatedZeros(matches: 1_000_000))
    let limits = ImageLimits(maximumSide: 1000, maximumPixels: 1000)
    let detail = "its deflated data set grows beyond 16779216 bytes"
    #expect(throws: DICOMError.tooLarge(detail: detail, limits: limits)) {
      try DICOMFile(block.file, limits: limits)
    }
  }

  /// A fixed-code deflate block: one zero byte, then matches of 258 bytes at distance 1.
  static func deflatedZeros(matches: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var pending: UInt32 = 0
    var count: UInt32 = 0
    /// Codes of Huffman go in from their highest bit.
    func put(_ bits: [UInt32]) {
      for bit in bits {
        pending |= bit << count
        count += 1
        if count == 8 {
          bytes.append(UInt8(pending))
          pending = 0
          count = 0
        }
      }
    }
    put([1, 1, 0])  // last block, fixed codes
    put([0, 0, 1, 1, 0, 0, 0, 0])  // literal 0
    for _ in 0..<matches {
      put([1, 1, 0, 0, 0, 1, 0, 1])  // length 258
      put([0, 0, 0, 0, 0])  // distance 1
    }
    put([0, 0, 0, 0, 0, 0, 0])
    put([0, 0, 0, 0, 0, 0, 0])
    return bytes
  }

  /// Only the lossless process has 16 bits of a difference; in another DCMTK reads beyond a table of its own.
  @Test func huffmanCategoriesOfAnotherProcessAreRefused() throws {
    var bytes = [UInt8](try DICOMFixtures.data("jpeg-extended"))
    // The first table for DC: marker, length, class and slot, 16 counts, then its symbols.
    let table = try #require(
      bytes.indices.dropLast(5).first {
        bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC4 && bytes[$0 + 4] >> 4 == 0
      })
    for category in [16, 17, 255] as [UInt8] {
      bytes[table + 21] = category
      #expect(throws: DICOMError.corrupt(detail: "the JPEG codestream is damaged")) {
        try DICOMFile(Data(bytes)).pixels()
      }
    }
  }

  /// A second scan or another table behind the first scan's start: no grey image has them.
  @Test(arguments: ["jpeg-baseline", "jpeg-lossless", "jpeg-ls"])
  func markersInsideOfTheScanAreRefused(name: String) throws {
    var bytes = [UInt8](try DICOMFixtures.data(name))
    let scan = try #require(bytes.indices.dropLast(1).last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    bytes.replaceSubrange((scan + 14)..<(scan + 16), with: [0xFF, 0xC4])
    #expect {
      try DICOMFile(Data(bytes)).pixels()
    } throws: {
      DICOMError.isCorrupt($0)
    }
  }

  @Test func codestreamsThatDisagreeWithTheHeaderAreRefused() throws {
    for name in ["jpeg-baseline", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "rle"] {
      let data = try DICOMFixtures.data(name)
      var bytes = [UInt8](data)
      // Rows, (0028,0010) US.
      let rows = try #require(
        bytes.indices.first { bytes[$0...].starts(with: [0x28, 0, 0x10, 0, 0x55, 0x53, 2, 0]) })
      bytes[rows + 8] += 1
      #expect("\(name)") {
        try DICOMFile(Data(bytes)).pixels()
      } throws: {
        DICOMError.isCorrupt($0)
      }
    }
  }
}

extension DICOMError {
  /// Whether an error is `.corrupt`, whatever the codec says of it.
  fileprivate static func isCorrupt(_ error: any Error) -> Bool {
    if case DICOMError.corrupt = error { true } else { false }
  }
}
