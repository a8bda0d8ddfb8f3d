import Foundation
import Testing

/// Processes that train into one run, which only one of them may.
@Suite("Two processes and one run", .serialized)
struct TrainingLockTests {
  @Test("a second start is refused and names the owner, in either stage, resumed or not; a killed owner leaves no lock")
  func secondStart() throws {
    try SmallTraining.withDataset { folder in
      let owner = try RunningProgram(SmallTraining.arguments(), in: folder)
      defer { owner.end() }
      #expect(
        owner.waitUntil {
          SmallTraining.isThere("run/vae/metrics.jsonl", in: folder)
            || SmallTraining.isThere("run/vae/config.yaml", in: folder)
        })
      let before = try Data(contentsOf: folder.appendingPathComponent("run/vae/config.yaml"))

      let others = [
        SmallTraining.arguments("vae", "--set", "seed=2"), SmallTraining.arguments("vae", "--resume"),
        SmallTraining.arguments("diffusion"),
        SmallTraining.arguments("diffusion", "--resume"),
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
      let result = try Program.run(SmallTraining.arguments(steps: 1), in: folder)
      #expect(result.status == 0, "\(result.errors)")
    }
  }

  @Test("of starts in the same moment one trains, and the others are refused as beside a live run")
  func sameMoment() throws {
    try SmallTraining.withDataset { folder in
      let starts = try (0..<3).map {
        try RunningProgram(SmallTraining.arguments("vae", "--set", "seed=\($0)"), in: folder)
      }
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
    try SmallTraining.withDataset { folder in
      try Data().write(to: folder.appendingPathComponent("run"))
      let result = try Program.run(SmallTraining.arguments(), in: folder)
      #expect(result.status == 73)
      #expect(result.errors.contains("run is a file: name a folder"), "\(result.errors)")
    }
  }
}
