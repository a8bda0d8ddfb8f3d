import Foundation
import TestSupport
import Testing

/// What becomes of results when the other end of a stream is closed, full, or not there.
@Suite(.serialized) struct StreamTests {
  private static let generate = ["generate", "a", "b", "c", "--model", "tiny", "--seed", "1", "--output", "x.png"]

  /// The program before a pipe, with its exit code as the last line of standard error.
  private func run(_ arguments: [String], in place: Workplace, into reader: String) throws -> Program.Result {
    try place.run(arguments, shell: "{", ending: "; echo \"status $?\" >&2; } | \(reader)")
  }

  @Test(arguments: ["head -1", "true"])
  func imagesAreDrawnThoughNobodyReadsTheirNames(reader: String) throws {
    try withWorkplace { place in
      let result = try run(Self.generate + ["--quiet", "--steps", "20"], in: place, into: reader)
      #expect(result.errors == "status 0\n")
      #expect(try place.images() == ["x-000.png", "x-001.png", "x-002.png"])
      try place.expectWholePNGs()
    }
  }

  @Test(arguments: [
    Self.generate + ["--json", "--quiet"], ["info"], ["info", "tiny"], ["info", "tiny", "--json"], ["--help"],
    ["--version"], ["generate", "--help"], ["--generate-completion-script", "bash"],
    ["bench", "generate", "--model", "tiny", "--runs", "1"],
  ])
  func aReaderThatGoesAwayIsNoError(arguments: [String]) throws {
    try withWorkplace { place in
      let result = try run(arguments, in: place, into: "true")
      #expect(result.errors.hasSuffix("status 0\n") && !result.errors.contains("error:"), "\(result.errors)")
    }
  }

  @Test(arguments: [">&-", "> /dev/full"]) func aResultThatCannotBeWrittenIsAnError(ending: String) throws {
    try withWorkplace { place in
      for arguments in [Self.generate + ["--quiet"], Self.generate + ["--json", "--overwrite"], ["info"], ["--help"]] {
        let result = try place.run(arguments, ending: ending)
        #expect(result.status == 74 && !result.wasKilled, "\(arguments): \(result.errors)")
        #expect(result.errorLines.count == 1 && result.errors.contains("standard output"), "\(result.errors)")
      }
      try place.expectWholePNGs()
    }
  }

  @Test(arguments: ["2>&-", "2> /dev/full", "<&-", "2>&- <&-"])
  func imagesDoNotNeedTheOtherStreams(ending: String) throws {
    try withWorkplace { place in
      let result = try place.run(Self.generate, ending: ending)
      #expect(result.status == 0 && result.output == "x-000.png\nx-001.png\nx-002.png\n")
      try place.expectWholePNGs()
    }
  }

  /// A file that is opened while standard output is closed must not get its number, and with it what is printed.
  @Test func aClosedStandardOutputIsNotTheNextFile() throws {
    try withTemporaryFolder { folder in
      let kermany = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/kermany").path
      let arguments = ["data", "import", "kermany", kermany, "--output", "d", "--size", "16"]
      #expect(try Program.run(arguments, in: folder, ending: ">&- 2>&- <&-").status == 74)
      let check = try Program.run(["data", "inspect", "d", "--verify"], in: folder)
      #expect(check.status == 0 && check.output.contains("12 images are as they were imported"), "\(check)")
    }
  }
}
