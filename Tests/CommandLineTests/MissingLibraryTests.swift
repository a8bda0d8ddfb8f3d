import Foundation
import Testing

/// The program without the libraries that belong beside it.
@Suite("Missing libraries")
struct MissingLibraryTests {
  /// A copy of the program alone in a folder takes its place.
  private static let alone =
    "mkdir -p alone && cp \"$0\" alone/thorax && run() { shift; exec ./alone/thorax \"$@\"; } && run"

  @Test("what needs no DICOM file does without libcdicom")
  func needless() throws {
    try withTemporaryFolder { folder in
      let result = try Program.run(["--version"], in: folder, shell: Self.alone)
      #expect(result.status == 0, "\(result.errors)")
    }
  }

  @Test("an import of DICOM files says at once that libcdicom is missing")
  func dicom() throws {
    try withTemporaryFolder { folder in
      let source = folder.appendingPathComponent("src")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      try (Data(repeating: 0, count: 128) + Data("DICM".utf8)).write(to: source.appendingPathComponent("a.dcm"))
      let arguments = ["data", "import", "dicom", "src", "--output", "d"]
      let result = try Program.run(arguments, in: folder, shell: Self.alone)
      #expect(result.status == 69)
      #expect(result.errorLines.count == 1 && result.errors.contains("libcdicom"), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("d/index.sqlite").path))
    }
  }
}
