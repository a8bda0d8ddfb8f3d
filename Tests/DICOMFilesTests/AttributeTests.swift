import DICOMFiles
import DICOMTestSupport
import Foundation
import Testing

@Suite struct AttributeTests {
  @Test(arguments: [DICOMBuilder.explicitLittleEndian, DICOMBuilder.implicitLittleEndian])
  func whatTheHeaderSaysIsRead(syntax: String) throws {
    let elements = [
      Tag.patientName: "Test^Someone", Tag.birthDate: "19610203", Tag.sex: "F", Tag.age: "045Y",
      Tag.studyDate: "20060517", Tag.seriesDescription: "Chest PA", Tag.burnedIn: "YES",
      Tag.patientOrientation: "L\\F",
    ]
    let file = try DICOMFile(DICOMBuilder.radiograph(elements, transferSyntax: syntax).file)
    let attributes = file.attributes
    #expect(attributes.modality == "DX")
    #expect(attributes.bodyPart == "CHEST")
    #expect(attributes.viewPosition == "PA")
    #expect(attributes.patientID == "P1")
    #expect(attributes.patientName == "Test^Someone")
    #expect(attributes.patientBirthDate == "19610203")
    #expect(attributes.patientAge == "045Y")
    #expect(attributes.patientSex == "F")
    #expect(attributes.studyDate == "20060517")
    #expect(attributes.seriesDescription == "Chest PA")
    #expect(attributes.burnedInAnnotation == "YES")
    #expect(attributes.patientOrientation == "L\\F")
    #expect(attributes.studyInstanceUID == "1.2.3")
    #expect(attributes.rows == 8)
    #expect(attributes.studyDescription == nil)
    #expect(attributes.hasPixels)
    #expect(try file.pixels(.stored).values == (0..<64).map { Float($0) })
  }

  @Test func codesAreReadFromTheFirstItemOfASequence() throws {
    var item = DICOMBuilder()
    item.text(0x0008_0100, "R-10206", vr: "SH")
    item.text(0x0008_0104, "antero-posterior")
    var builder = DICOMBuilder()
    builder.element(0x0054_0220, "SQ", [], length: DICOMBuilder.undefinedLength)
    builder.item(Tag.item, length: UInt32(item.bytes.count))
    builder.raw(item.bytes)
    builder.item(Tag.item, length: DICOMBuilder.undefinedLength)
    builder.text(0x0008_0104, "second")
    builder.item(Tag.itemEnd)
    builder.item(Tag.sequenceEnd)
    let attributes = try DICOMFile(builder.file).attributes
    #expect(attributes.viewCode == "R-10206")
    #expect(attributes.viewName == "antero-posterior")
  }

  @Test func anUnknownRepresentationOfAKnownElementIsReadAsTheStandardHasIt() throws {
    var builder = DICOMBuilder()
    builder.element(Tag.modality, "UN", Array("CR".utf8))
    #expect(try DICOMFile(builder.file).attributes.modality == "CR")
  }

  @Test func aBeginningThatReachesThePixelsGivesTheAttributes() throws {
    let file = DICOMBuilder.radiograph(width: 100, height: 100).file
    let beginning = file.prefix(file.count - 20_000)
    #expect(try DICOMFile(beginning).attributes == DICOMFile(file).attributes)
    #expect(throws: DICOMError.corrupt(detail: "0 of 20000 bytes of pixels are there")) {
      try DICOMFile(beginning).pixels()
    }
    #expect(throws: DICOMError.truncated) { try DICOMFile(file.prefix(file.count - 20_010)) }
  }

  @Test func latinLettersSurvive() throws {
    var builder = DICOMBuilder()
    builder.element(Tag.studyDescription, "LO", [0x54, 0xF3, 0x72, 0x61, 0x78, 0x20])
    #expect(try DICOMFile(builder.file).attributes.studyDescription == "T\u{F3}rax")
  }

  @Test func filesOfOtherKindsAreNoDICOM() {
    #expect(!DICOMFile.isDICOM(Data()))
    #expect(!DICOMFile.isDICOM(Data("DICM".utf8)))
    #expect(DICOMFile.isDICOM(DICOMBuilder.radiograph().file))
    #expect(throws: DICOMError.notDICOM) { try DICOMFile(Data()) }
    #expect(throws: DICOMError.notDICOM) { try DICOMFile(Data(repeating: 1, count: 500)) }
  }
}
