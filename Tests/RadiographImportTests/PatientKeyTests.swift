import DICOMTestSupport
import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct PatientKeyTests {
  @Test func aKeyIsDrawnOnceAndReadableByItsOwnerAlone() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("cxr")
      let first = try PatientKey.of(dataset: dataset)
      let file = folder.appendingPathComponent("cxr.key")
      #expect(PatientKey.location(besideDataset: dataset).path == file.path)
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(try Data(contentsOf: file).count == 65)
      let again = try PatientKey.of(dataset: dataset)
      #expect(first.pseudonym("P1", domain: "patient") == again.pseudonym("P1", domain: "patient"))
      let other = try PatientKey.of(dataset: folder.appendingPathComponent("other"))
      #expect(first.pseudonym("P1", domain: "patient") != other.pseudonym("P1", domain: "patient"))
      #expect(first.pseudonym("P1", domain: "patient") != first.pseudonym("P1", domain: "study"))
    }
  }

  /// HMAC-SHA256 of "patient\0P1" under the key 00 01 ... 1f, from Python's hmac.
  @Test func pseudonymsAreTheKeyedHash() {
    #expect(PatientKey(bytes: Array(0..<32)).pseudonym("P1", domain: "patient") == "8f3842b8452389601b87a131fd8b4701")
  }

  @Test func keysThatCannotServeAreRefused() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("cxr")
      let file = folder.appendingPathComponent("my.key")
      for text in ["", "abc", String(repeating: "0", count: 63), String(repeating: "x", count: 64)] {
        try Data(text.utf8).write(to: file)
        #expect(throws: DatasetError.self) { try PatientKey.of(dataset: dataset, file: file) }
      }
      #expect(throws: DatasetError.self) {
        try PatientKey.of(dataset: dataset, file: dataset.appendingPathComponent("key"))
      }
      try Data(String(repeating: "0F", count: 32).utf8).write(to: file)
      #expect(throws: Never.self) { try PatientKey.of(dataset: dataset, file: file) }
    }
  }

  @Test func aDatasetWhoseKeyIsLostIsNotGivenAnother() throws {
    try DataFixtures.withFolder { folder in
      let tree = folder.appendingPathComponent("tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      try DICOMBuilder.radiograph().file.write(to: tree.appendingPathComponent("a"))
      let dataset = folder.appendingPathComponent("cxr")
      let source = try DICOMSource.list(tree, key: PatientKey.of(dataset: dataset)).source
      _ = try DatasetImport(source, into: dataset, options: DataFixtures.options()).run()
      try FileManager.default.removeItem(at: folder.appendingPathComponent("cxr.key"))
      #expect(throws: DatasetError.self) { try PatientKey.of(dataset: dataset) }
    }
  }
}
