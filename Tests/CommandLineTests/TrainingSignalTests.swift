import Foundation
import TestBasics
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

  @Test("SIGUSR1 stores a checkpoint at once, as often as it comes, and the run goes on")
  func checkpointOnRequest() throws {
    try SmallTraining.withDataset { folder in
      let run = try RunningProgram(SmallTraining.arguments(), in: folder)
      defer { run.end() }
      var stored: [Int] = []
      #expect(run.waitUntil { run.errors.contains("train 20/") || !run.process.isRunning })
      for count in 1...3 {
        kill(run.process.processIdentifier, SIGUSR1)
        func steps() -> [Int] {
          run.errors.matches(of: /checkpoint of step ([0-9]+) stored, as was asked for/).compactMap { Int($0.1) }
        }
        #expect(run.waitUntil { steps().count == count || !run.process.isRunning })
        stored = steps()
      }
      #expect(stored == stored.sorted() && (stored.first ?? 0) >= 20, "\(run.errors)")
      let newest = try #require(stored.last)
      #expect(
        SmallTraining.isThere(
          "run/vae/checkpoints/step-" + String(format: "%08d", newest) + ".safetensors", in: folder))
      // It goes on, and what it was asked for is what a kill leaves.
      #expect(run.waitUntil { run.errors.contains("train \((newest / 20 + 2) * 20)/100000") })
      #expect(run.process.isRunning, "\(run.errors)")
      run.end(SIGKILL)
      let resumed = try RunningProgram(SmallTraining.arguments("vae", "--resume"), in: folder)
      defer { resumed.end() }
      #expect(resumed.waitUntil { resumed.errors.contains("train \((newest / 20 + 1) * 20)/") })
      resumed.end(SIGKILL)
      let rows = try String(contentsOf: folder.appendingPathComponent("run/vae/metrics.jsonl"), encoding: .utf8)
      let steps = rows.matches(of: /"step":([0-9]+)/).compactMap { Int($0.1) }
      #expect(steps == steps.sorted() && Set(steps).count == steps.count, "\(steps)")
    }
  }

  @Test("a request to a run of two processes is one of both, and the run goes on")
  func checkpointOfTwoProcesses() throws {
    try SmallTraining.withDataset { folder in
      let run = try RunningProgram(
        SmallTraining.arguments("vae", "--set", "batchSize=2", "--processes", "2", "--device", "cpu"), in: folder)
      defer { run.end(SIGTERM) }
      #expect(run.waitUntil { run.errors.contains("train 20/") || !run.process.isRunning })
      kill(run.process.processIdentifier, SIGUSR1)
      #expect(run.waitUntil { run.errors.contains("stored, as was asked for") || !run.process.isRunning })
      let words = try #require(run.errors.firstMatch(of: /checkpoint of step ([0-9]+) stored/), "\(run.errors)")
      let step = try #require(Int(words.1))
      #expect(run.waitUntil { run.errors.contains("train \((step / 20 + 2) * 20)/") || !run.process.isRunning })
      #expect(run.process.isRunning, "\(run.errors)")
    }
  }

  @Test(
    "while images and texts are encoded a request is noted, and a stop keeps what was encoded", .slow, .tags(.slow),
    arguments: [SIGINT, SIGTERM])
  func encoding(signal: Int32) throws {
    try StageRun.with("diffusion", steps: 1) { run in
      try run.prepare()
      // Enough texts to take a while: the images are few.
      let more = ["--set", "sourceRepeats={source: 200}", "--set", "maximumShift=2"]
      let started = try RunningProgram(run.arguments() + more, in: run.folder)
      defer { started.end() }
      #expect(started.waitUntil { run.isThere("diffusion/cache/latents-train") || !started.process.isRunning })
      kill(started.process.processIdentifier, SIGUSR1)
      #expect(
        started.waitUntil {
          started.errors.contains("what is encoded is stored as it comes") || !started.process.isRunning
        }, "\(started.errors)")
      kill(started.process.processIdentifier, signal)
      started.process.waitUntilExit()
      #expect(started.process.terminationReason == .exit && started.process.terminationStatus == 130)
      #expect(started.errors.contains("what was encoded is stored: add --resume to go on"), "\(started.errors)")
      let result = try Program.run(run.arguments() + more + ["--resume"], in: run.folder)
      #expect(result.status == 0, "\(result.errors)")
    }
  }
}
