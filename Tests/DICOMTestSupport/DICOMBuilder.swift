import Foundation

/// Writes DICOM files for tests: any element, well-formed or not, explicit and little endian if nothing else is given.
public struct DICOMBuilder: Sendable {
  public static let undefinedLength: UInt32 = 0xFFFF_FFFF
  public static let explicitLittleEndian = "1.2.840.10008.1.2.1"
  public static let implicitLittleEndian = "1.2.840.10008.1.2"

  public var transferSyntax: String
  /// The data set so far. Elements are written in the order of the calls.
  public private(set) var bytes: [UInt8] = []

  public init(transferSyntax: String = DICOMBuilder.explicitLittleEndian) {
    self.transferSyntax = transferSyntax
  }

  /// A chest radiograph of `width` x `height` pixels of 16 bits that rise from 0, with whatever `elements`
  /// and `numbers` say beside. Those may come in any order, and replace what is otherwise there.
  ///
  /// - Parameters:
  ///   - tables: lookup tables by the tag of their sequence.
  ///   - cells: the pixels as they are stored, instead of those that rise.
  public static func radiograph(
    _ elements: [UInt32: String] = [:], numbers others: [UInt32: Int] = [:], tables: [UInt32: Table] = [:],
    width: Int = 8, height: Int = 8, bits: Int = 12, cells: [UInt16]? = nil,
    transferSyntax: String = DICOMBuilder.explicitLittleEndian
  ) -> DICOMBuilder {
    var builder = DICOMBuilder(transferSyntax: transferSyntax)
    var texts: [UInt32: String] = [
      Tag.sopInstanceUID: "1.2.3.4", Tag.modality: "DX", Tag.patientID: "P1", Tag.bodyPart: "CHEST",
      Tag.viewPosition: "PA", Tag.studyUID: "1.2.3", Tag.photometric: "MONOCHROME2",
    ]
    texts.merge(elements) { _, new in new }
    var numbers: [UInt32: Int] = [
      Tag.samplesPerPixel: 1, Tag.rows: height, Tag.columns: width, Tag.bitsAllocated: 16, Tag.bitsStored: bits,
      Tag.highBit: bits - 1, Tag.pixelRepresentation: 0,
    ]
    numbers.merge(others) { _, new in new }
    for tag in Set(texts.keys).union(numbers.keys).union(tables.keys).sorted() {
      if let table = tables[tag] {
        builder.table(tag, table)
      } else if let number = numbers[tag] {
        builder.number(tag, UInt16(truncatingIfNeeded: number))
      } else if let text = texts[tag] {
        builder.text(tag, text)
      }
    }
    builder.pixels(cells ?? (0..<(width * height)).map { UInt16($0 % (1 << bits)) })
    return builder
  }

  /// A lookup table with what its descriptor says of it.
  public struct Table: Sendable {
    public var entries: [UInt16]
    public var first: Int
    public var bits: Int

    public init(_ entries: [UInt16], first: Int = 0, bits: Int) {
      self.entries = entries
      self.first = first
      self.bits = bits
    }
  }

  /// A sequence of one table.
  public mutating func table(_ sequence: UInt32, _ table: Table) {
    var content = DICOMBuilder(transferSyntax: transferSyntax)
    content.number(
      Tag.lutDescriptor, UInt16(truncatingIfNeeded: table.entries.count), UInt16(truncatingIfNeeded: table.first),
      UInt16(truncatingIfNeeded: table.bits))
    content.element(Tag.lutData, "OW", table.entries.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    element(sequence, "SQ", [], length: UInt32(content.bytes.count + 8))
    item(Tag.item, length: UInt32(content.bytes.count))
    raw(content.bytes)
  }

  /// An element with its header; nothing is held against the standard.
  public mutating func element(_ tag: UInt32, _ vr: String, _ value: [UInt8], length: UInt32? = nil) {
    put(tag: tag)
    let length = length ?? UInt32(value.count)
    if transferSyntax == Self.implicitLittleEndian {
      put32(length)
    } else {
      bytes += Array(vr.utf8)
      if ["OB", "OW", "SQ", "UN", "UT", "UC", "UR", "OD", "OF", "OL", "OV", "SV", "UV"].contains(vr) {
        bytes += [0, 0]
        put32(length)
      } else {
        put16(UInt16(truncatingIfNeeded: length))
      }
    }
    bytes += value
  }

  public mutating func text(_ tag: UInt32, _ text: String, vr: String = "LO") {
    var value = Array(text.utf8)
    if value.count % 2 != 0 { value.append(UInt8(ascii: " ")) }
    element(tag, vr, value)
  }

  public mutating func number(_ tag: UInt32, _ numbers: UInt16..., vr: String = "US") {
    element(tag, vr, numbers.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
  }

  public mutating func pixels(_ values: [UInt16]) {
    element(Tag.pixelData, "OW", values.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
  }

  /// A tag of group FFFE, which has no representation: items and delimiters.
  public mutating func item(_ tag: UInt32, length: UInt32 = 0) {
    put(tag: tag)
    put32(length)
  }

  /// Bytes as they are.
  public mutating func raw(_ more: [UInt8]) { bytes += more }

  /// The file: preamble, meta information, data set.
  public var file: Data {
    var meta = DICOMBuilder()
    var syntax = Array(transferSyntax.utf8)
    if syntax.count % 2 != 0 { syntax.append(0) }
    meta.element(0x0002_0010, "UI", syntax)
    return Data([UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + meta.bytes + bytes)
  }

  private mutating func put(tag: UInt32) {
    put16(UInt16(tag >> 16))
    put16(UInt16(tag & 0xFFFF))
  }

  private mutating func put16(_ value: UInt16) { bytes += [UInt8(value & 0xFF), UInt8(value >> 8)] }

  private mutating func put32(_ value: UInt32) {
    put16(UInt16(value & 0xFFFF))
    put16(UInt16(value >> 16))
  }
}

/// Tags, `group << 16 | element`.
public enum Tag {
  public static let sopInstanceUID: UInt32 = 0x0008_0018
  public static let studyDate: UInt32 = 0x0008_0020
  public static let modality: UInt32 = 0x0008_0060
  public static let presentationIntent: UInt32 = 0x0008_0068
  public static let studyDescription: UInt32 = 0x0008_1030
  public static let seriesDescription: UInt32 = 0x0008_103E
  public static let patientName: UInt32 = 0x0010_0010
  public static let patientID: UInt32 = 0x0010_0020
  public static let birthDate: UInt32 = 0x0010_0030
  public static let sex: UInt32 = 0x0010_0040
  public static let age: UInt32 = 0x0010_1010
  public static let bodyPart: UInt32 = 0x0018_0015
  public static let imagerPixelSpacing: UInt32 = 0x0018_1164
  public static let nominalScannedPixelSpacing: UInt32 = 0x0018_2010
  public static let viewPosition: UInt32 = 0x0018_5101
  public static let studyUID: UInt32 = 0x0020_000D
  public static let patientOrientation: UInt32 = 0x0020_0020
  public static let samplesPerPixel: UInt32 = 0x0028_0002
  public static let photometric: UInt32 = 0x0028_0004
  public static let frames: UInt32 = 0x0028_0008
  public static let rows: UInt32 = 0x0028_0010
  public static let columns: UInt32 = 0x0028_0011
  public static let pixelSpacing: UInt32 = 0x0028_0030
  public static let pixelAspectRatio: UInt32 = 0x0028_0034
  public static let bitsAllocated: UInt32 = 0x0028_0100
  public static let bitsStored: UInt32 = 0x0028_0101
  public static let highBit: UInt32 = 0x0028_0102
  public static let pixelRepresentation: UInt32 = 0x0028_0103
  public static let burnedIn: UInt32 = 0x0028_0301
  public static let windowCenter: UInt32 = 0x0028_1050
  public static let windowWidth: UInt32 = 0x0028_1051
  public static let rescaleIntercept: UInt32 = 0x0028_1052
  public static let rescaleSlope: UInt32 = 0x0028_1053
  public static let lutDescriptor: UInt32 = 0x0028_3002
  public static let lutData: UInt32 = 0x0028_3006
  public static let modalityTable: UInt32 = 0x0028_3000
  public static let voiTable: UInt32 = 0x0028_3010
  public static let pixelData: UInt32 = 0x7FE0_0010
  public static let item: UInt32 = 0xFFFE_E000
  public static let itemEnd: UInt32 = 0xFFFE_E00D
  public static let sequenceEnd: UInt32 = 0xFFFE_E0DD
}
