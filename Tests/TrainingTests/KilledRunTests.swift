import Foundation
import Support
import TestBasics
import Testing

@testable import Training

/// Processes that are killed while they train.
@Suite("Runs that are killed", .serialized)
struct KilledRunTests {
  @Test("killed at a step and resumed, the autoencoder's run ends as one that was not", arguments: [3, 6])
  func autoencoder(step: Int) async throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    var run = TinyRun(root: dataset.root)
    let whole = TinyRun(root: dataset.root, name: "whole")
    #expect(try whole.trainAutoencoder() == .finished(step: 8))
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = dataset.root.path as String, step = step as Int] in
      _ = try TinyRun(root: URL(fileURLWithPath: root)).trainAutoencoder { report in
        if case .progress(let work) = report, work.done == step { raise(SIGKILL) }
      }
    }
    #expect(
      !FileManager.default.fileExists(
        atPath: run.run.appendingPathComponent("vae/checkpoints/step-00000008.safetensors").path))
    run.options.resume = true
    #expect(try run.trainAutoencoder() == .finished(step: 8))
    #expect(try run.checkpoint("vae", step: 8) == whole.checkpoint("vae", step: 8))
  }

  @Test("killed while images are encoded and at a step, the diffusion model's run ends as one that was not")
  func diffusion() async throws {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    var run = TinyRun(root: dataset.root)
    try FileManager.default.removeItem(at: RunFolder(run.run, stage: .diffusion).folder)
    let whole = try run.copy("vae", to: "whole")
    #expect(try whole.trainDiffusion() == .finished(step: 8))
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = dataset.root.path as String] in
      _ = try TinyRun(root: URL(fileURLWithPath: root)).trainDiffusion { report in
        if case .progress(let work) = report, work.unit == "images", work.done == 32 { raise(SIGKILL) }
      }
    }
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = dataset.root.path as String] in
      _ = try TinyRun(root: URL(fileURLWithPath: root)).trainDiffusion { report in
        if case .progress(let work) = report, work.activity == "training", work.done == 5 { raise(SIGKILL) }
      }
    }
    run.options.resume = true
    #expect(try run.trainDiffusion() == .finished(step: 8))
    #expect(try run.checkpoint("diffusion", step: 8) == whole.checkpoint("diffusion", step: 8))
  }

  @Test(
    "killed at ten moments of encoding and of the first steps, the diffusion model's run ends as one that was not",
    .slow, .tags(.slow))
  func encodings() async throws {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    var run = TinyRun(root: dataset.root)
    try FileManager.default.removeItem(at: RunFolder(run.run, stage: .diffusion).folder)
    let whole = try run.copy("vae", to: "whole")
    #expect(try whole.trainDiffusion() == .finished(step: 8))
    let folder = RunFolder(run.run, stage: .diffusion)
    var random = SplitMix64(seed: 11)
    for _ in 0..<10 {
      let microseconds = random.next(below: 60_000)
      let resume = folder.newestStep() != nil
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [root = dataset.root.path as String, microseconds = microseconds as Int, resume = resume as Bool] in
        var run = TinyRun(root: URL(fileURLWithPath: root))
        run.options.resume = resume
        var isArmed = false
        _ = try run.trainDiffusion { report in
          guard !isArmed, case .progress(let work) = report, work.activity.hasPrefix("encoding") else { return }
          isArmed = true
          Thread.detachNewThread {
            usleep(UInt32(microseconds))
            kill(getpid(), SIGKILL)
          }
        }
        sleep(1)
      }
    }
    run.options.resume = folder.newestStep() != nil
    #expect(try run.trainDiffusion() == .finished(step: 8))
    #expect(try run.cacheFiles() == whole.cacheFiles())
    #expect(try run.checkpoint("diffusion", step: 8) == whole.checkpoint("diffusion", step: 8))
  }
}
