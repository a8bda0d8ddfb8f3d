import Foundation
import Testing

/// Processes that train and are asked to end.
@Suite("Ending a run by a signal", .serialized)
struct TrainingSignalTests {
  @Test(
    "Ctrl-C, kill and a closed terminal end a run with a checkpoint, which is gone on from",
    arguments: [SIGINT, SIGTERM, SIGHUP])
  func checkpoint(signal: Int32) throws {
    try SmallTraining.withDataset { folder in
      let run = try RunningProgram(SmallTraining.arguments(), in: folder)
      defer { run.end() }
      #expect(run.waitUntil { SmallTraining.isThere("run/vae/metrics.jsonl", in: folder) || !run.process.isRunning })
      kill(run.process.processIdentifier, signal)
      // A terminal that is closed hangs up twice, itself and through its shell.
      if signal == SIGHUP { kill(run.process.processIdentifier, signal) }
      run.process.waitUntilExit()
      #expect(run.process.terminationReason == .exit)
      #expect(run.process.terminationStatus == 130, "\(run.errors)")
      let words = try #require(run.errors.firstMatch(of: /interrupted after ([0-9]+) steps, which are stored/))
      let step = try #require(Int(words.1))
      #expect(step >= 20)
      let name =
        "run/vae/checkpoints/step-" + String(repeating: "0", count: 8 - words.1.count) + words.1 + ".safetensors"
      #expect(SmallTraining.isThere(name, in: folder))

      let resumed = try RunningProgram(SmallTraining.arguments("vae", "--resume"), in: folder)
      defer { resumed.end() }
      #expect(resumed.waitUntil { resumed.errors.contains("train \((step / 20 + 1) * 20)/100000") })
      #expect(resumed.process.isRunning, "\(resumed.errors)")
    }
  }
}
