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
      #expect(first.isNew && !FileManager.default.fileExists(atPath: file.path))
      #expect(try first.store())
      #expect(try !first.store())
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
    #expect(DICOMSourceTests.key.pseudonym("P1", domain: "patient") == "8f3842b8452389601b87a131fd8b4701")
  }

  @Test func keysThatCannotServeAreRefused() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("cxr")
      let file = folder.appendingPathComponent("my.key")
      for text in ["", "abc", String(repeating: "0", count: 63), String(repeating: "x", count: 64)] {
        try Data(text.utf8).write(to: file)
        #expect(
          throws: DatasetError.patientKey(path: file.path, reason: "it does not hold 64 hexadecimal digits")
        ) { try PatientKey.of(dataset: dataset, file: file) }
      }
      let inside = dataset.appendingPathComponent("key")
      #expect(
        throws: DatasetError.patientKey(
          path: inside.path, reason: "a key in the dataset would go where the dataset goes")
      ) { try PatientKey.of(dataset: dataset, file: inside) }
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
      let key = try PatientKey.of(dataset: dataset)
      let source = try DICOMSource.list(tree, key: key).source
      _ = try DatasetImport(source, into: dataset, options: DataFixtures.options()).run(
        willCommit: { try key.store() })
      // The dataset has named patients with it.
      key.withdraw(from: dataset)
      let file = folder.appendingPathComponent("cxr.key")
      #expect(FileManager.default.fileExists(atPath: file.path))
      try FileManager.default.removeItem(at: file)
      #expect(
        throws: DatasetError.patientKey(
          path: file.path, reason: "it is missing, and the dataset's patients were named with it")
      ) { try PatientKey.of(dataset: dataset) }
    }
  }

  @Test func aKeyThatNamedNobodyIsWithdrawn() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("cxr")
      let key = try PatientKey.of(dataset: dataset)
      try key.store()
      // One that was there before, or that another process has drawn, stays.
      try PatientKey.of(dataset: dataset).withdraw(from: dataset)
      #expect(FileManager.default.fileExists(atPath: key.file.path))
      let other = PatientKey(bytes: Array(0..<32), file: key.file, isNew: true)
      other.withdraw(from: dataset)
      #expect(FileManager.default.fileExists(atPath: key.file.path))
      #expect(
        throws: DatasetError.patientKey(path: key.file.path, reason: "another import has drawn one meanwhile")
      ) { try other.store() }
      key.withdraw(from: dataset)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }
}
