import Foundation
import ImageFiles
import Testing

/// Processes that train into one run, which only one of them may.
@Suite("Two processes and one run", .serialized)
struct TrainingLockTests {
  /// A dataset of a few small pictures, and a folder to work in.
  private func withDataset(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let source = folder.appendingPathComponent("source")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      for index in 0..<10 {
        let name = source.appendingPathComponent("image\(index)")
        let pixels = (0..<(64 * 64)).map { UInt8(($0 * (index + 1)) % 251) }
        try Data(GrayscaleImage(width: 64, height: 64, pixels: pixels).pngBytes())
          .write(to: name.appendingPathExtension("png"))
        try Data("FINDINGS: Image \(index).".utf8).write(to: name.appendingPathExtension("txt"))
      }
      let arguments = [
        "data", "import", "folder", "source", "--output", "dataset", "--size", "64", "--split", "60/20/20", "--quiet",
      ]
      #expect(try Program.run(arguments, in: folder).status == 0)
      try body(folder)
    }
  }

  private func training(_ stage: String = "vae", steps: Int = 100_000, _ more: String...) -> [String] {
    let settings = ["steps=\(steps)", "warmupSteps=0", "batchSize=1"] + (stage == "vae" ? ["cropSize=16"] : [])
    return ["train", stage, "--data", "dataset", "--output", "run", "--precision", "fp32", "--threads", "1"]
      + settings.flatMap { ["--set", $0] } + more
  }

  private func isThere(_ name: String, in folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
  }

  @Test("a second start is refused and names the owner, in either stage, resumed or not; a killed owner leaves no lock")
  func secondStart() throws {
    try withDataset { folder in
      let owner = try RunningProgram(training(), in: folder)
      defer { owner.end() }
      #expect(
        owner.waitUntil { isThere("run/vae/metrics.jsonl", in: folder) || isThere("run/vae/config.yaml", in: folder) })
      let before = try Data(contentsOf: folder.appendingPathComponent("run/vae/config.yaml"))

      let others = [
        training("vae", "--set", "seed=2"), training("vae", "--resume"), training("diffusion"),
        training("diffusion", "--resume"),
      ]
      for arguments in others {
        let result = try Program.run(arguments, in: folder)
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("process \(owner.process.processIdentifier) on "), "\(result.errors)")
        #expect(result.errors.contains(" since 20"), "\(result.errors)")
        #expect(!result.errors.contains("--overwrite"), "\(result.errors)")
      }
      #expect(try Data(contentsOf: folder.appendingPathComponent("run/vae/config.yaml")) == before)
      #expect(owner.process.isRunning)

      owner.end(SIGKILL)
      // The run has no checkpoint yet: it may be begun anew.
      let result = try Program.run(training(steps: 1), in: folder)
      #expect(result.status == 0, "\(result.errors)")
    }
  }

  @Test("of starts in the same moment one trains, and the others are refused as beside a live run")
  func sameMoment() throws {
    try withDataset { folder in
      let starts = try (0..<3).map { try RunningProgram(training("vae", "--set", "seed=\($0)"), in: folder) }
      defer { starts.forEach { $0.end() } }
      #expect(starts[0].waitUntil { starts.count { !$0.process.isRunning } == 2 })
      for start in starts where !start.process.isRunning {
        #expect(start.process.terminationStatus == 74, "\(start.errors)")
        #expect(start.errors.contains("is being trained in by process "), "\(start.errors)")
      }
      let seed = try String(contentsOf: folder.appendingPathComponent("run/vae/config.yaml"), encoding: .utf8)
      let survivor = try #require(starts.firstIndex { $0.process.isRunning })
      #expect(seed.contains("seed: \(survivor)\n"))
    }
  }

  @Test("a file in place of the run's folder is refused by its name")
  func file() throws {
    try withDataset { folder in
      try Data().write(to: folder.appendingPathComponent("run"))
      let result = try Program.run(training(), in: folder)
      #expect(result.status == 73)
      #expect(result.errors.contains("run is a file: name a folder"), "\(result.errors)")
    }
  }
}
