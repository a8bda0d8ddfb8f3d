import Foundation
import Testing

@Suite(.serialized) struct DataInspectTests {
  private static let pixel =
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")
    ?? Data()

  /// One image of a study `s7` with a report that a de-identification went over.
  private func withDataset(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let source = folder.appendingPathComponent("scans")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      try Self.pixel.write(to: source.appendingPathComponent("a.png"))
      try Data(
        "file_name,findings,impression,labels,study\na.png,The heart  is XXXX enlarged.,Cardiomegaly.,Cardiomegaly,s7\n"
          .utf8
      ).write(to: source.appendingPathComponent("metadata.csv"))
      let result = try Program.run(
        ["data", "import", "folder", "scans", "--output", "d", "--size", "16", "--quiet"], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      try body(folder)
    }
  }

  @Test func theTableHasWhatWasCounted() throws {
    try withDataset { folder in
      let result = try Program.run(["data", "inspect", "d"], in: folder)
      #expect(result.status == 0 && result.errors.isEmpty)
      for line in [
        "  images with pixels  ", "  Cardiomegaly  1  100.0 %",
        "Sources  images  patients  licence\n  scans       1         1",
      ] {
        #expect(result.output.contains(line), "\(result.output)")
      }
    }
  }

  @Test func aReportIsShownBeforeAndAfterCleaning() throws {
    try withDataset { folder in
      for name in ["s7", "a.png", "a"] {
        let result = try Program.run(["data", "inspect", "d", "--text", name], in: folder)
        #expect(result.status == 0 && result.output.hasPrefix("scans, study s7\n"), "\(result.output)")
        #expect(result.output.contains("before  The heart  is XXXX enlarged.\n"))
        #expect(result.output.contains("after   The heart is enlarged.\n"))
        #expect(result.output.contains("before  Cardiomegaly.\n    after   the same\n"))
      }
      let json = try Program.run(["data", "inspect", "d", "--text", "s7", "--json"], in: folder)
      let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [[String: Any]]]
      #expect(object?["reports"]?.first?["study"] as? String == "s7")
    }
  }

  @Test func aPageReplacesAPageAndNothingElse() throws {
    try withDataset { folder in
      for _ in 0..<2 {
        let result = try Program.run(["data", "inspect", "d", "--html", "page.html"], in: folder)
        #expect(result.status == 0 && result.output == "page.html\n", "\(result.errors)")
      }
      try Data("<!DOCTYPE html><p>mine</p>".utf8).write(to: folder.appendingPathComponent("mine.html"))
      for (name, says) in [("d/index.sqlite", "not a page"), ("mine.html", "not a page"), ("d", "folder")] {
        let before = try? Data(contentsOf: folder.appendingPathComponent(name))
        let result = try Program.run(["data", "inspect", "d", "--html", name], in: folder)
        #expect(result.status == 73 && result.errorLines.count == 1 && result.errors.contains(says), "\(result.errors)")
        #expect(try before == nil || Data(contentsOf: folder.appendingPathComponent(name)) == before)
      }
      #expect(try Program.run(["data", "inspect", "d", "--verify"], in: folder).status == 0)
    }
  }

  @Test func aStudyThatIsNotThereIsMissingInput() throws {
    try withDataset { folder in
      let result = try Program.run(["data", "inspect", "d", "--text", "s8"], in: folder)
      #expect(result.status == 66 && result.output.isEmpty && result.errorLines.count == 1)
      #expect(result.errors.contains("not found: s8"))
    }
  }
}
