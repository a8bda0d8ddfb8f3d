import Foundation

@testable import DICOMFiles

/// Tests/Fixtures/dicom, which Tools/reference/dicom.py makes.
enum DICOMFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/dicom")

  static let names: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".dcm") }.map { String($0.dropLast(4)) }.sorted()
  }()

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name + ".dcm"))
  }

  static func file(_ name: String) throws -> DICOMFile { try DICOMFile(data(name)) }

  /// What the reference computed: the values of each stage, in the order of `DICOMStage.allCases`.
  static func expected(_ name: String) throws -> [[Float]] {
    let data = try Data(contentsOf: folder.appendingPathComponent(name + ".f32"))
    let values = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    let count = values.count / DICOMStage.allCases.count
    return DICOMStage.allCases.indices.map { Array(values[($0 * count)..<(($0 + 1) * count)]) }
  }
}
