import Foundation
import RadiographModels
import TestSupport
import Torch

@testable import Training

/// A run of tiny networks on the tiny dataset, through the doors that `thorax train` uses.
struct TinyRun {
  /// The folder that holds dataset, text encoder and runs.
  let root: URL
  /// The run's name.
  var name = "run"
  var options = LoopOptions()
  var settings: [String] = []
  /// This process among those that train together.
  var processes: ProcessPlace?

  var run: URL { root.appendingPathComponent(name) }

  static let architecture = TinyModel.architecture

  /// Copies the fixtures' encoder to `root`, with a vocabulary of its own.
  static func placeEncoder(in root: URL) throws -> URL {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    return try TinyModel(at: root, fixtures: fixtures).encoder
  }

  /// A dataset with its text encoder, and a run on it whose autoencoder and diffusion model are trained: made once for all
  /// tests of the process, which copy it (``TinyDataset/init(copying:)``).
  static func trained() throws -> URL { try shared.get() }

  private static let shared = Result {
    // Texts that have opposites.
    let dataset = try TinyDataset { TinyDataset.caption($0) + ($0 % 2 == 0 ? ", effusion" : ", no effusion") }
    _ = try placeEncoder(in: dataset.root)
    let run = TinyRun(root: dataset.root)
    _ = try run.trainAutoencoder()
    _ = try run.trainDiffusion()
    atexit { if let root = try? TinyRun.trained() { try? FileManager.default.removeItem(at: root) } }
    return dataset.root
  }

  private func request(_ more: [String]) -> TrainingRequest {
    let common = [
      "steps=8", "batchSize=2", "warmupSteps=2", "precision=float32", "cadence.checkpoint=2", "cadence.validate=4",
      "cadence.log=2",
    ]
    var request = TrainingRequest(
      dataset: root.appendingPathComponent("dataset"), run: run, settings: common + more + settings, options: options)
    request.processes = processes
    return request
  }

  func trainAutoencoder(
    report: (TrainingReport) -> Void = { _ in }, stop: () -> Bool = { false }
  ) throws -> LoopOutcome {
    try Self.useOneThread()
    return try Trainer.trainAutoencoder(
      request(["cropSize=16"]), architecture: Self.architecture, shouldStop: stop, report: report)
  }

  func trainDiffusion(
    report: (TrainingReport) -> Void = { _ in }, stop: () -> Bool = { false }
  ) throws -> LoopOutcome {
    try Self.useOneThread()
    let encoder = root.appendingPathComponent("encoders/tiny").path
    let settings = ["textEncoder=\(encoder)", "promptsPerImage=2", "sourceRepeats={source: 2}", "maximumShift=2"]
    return try Trainer.trainDiffusion(
      request(settings), architecture: Self.architecture, shouldStop: stop, report: report)
  }

  /// Runs end in the same bytes only with the same number of threads, which is the process's: other tests set it, and a
  /// test of bytes must not depend on when they do.
  private static func useOneThread() throws { try LibTorch.setThreads(1) }

  func checkpoint(_ stage: String, step: Int) throws -> Data {
    let folder = run.appendingPathComponent("\(stage)/checkpoints")
    return try Data(contentsOf: folder.appendingPathComponent("step-0000000\(step).safetensors"))
  }

  /// The bytes of every stored latent and text, by the file's place.
  func cacheFiles() throws -> [String: Data] {
    let cache = run.appendingPathComponent("diffusion/cache")
    return try FileManager.default.subpathsOfDirectory(atPath: cache.path).reduce(into: [:]) { files, name in
      guard name.hasSuffix(".safetensors") else { return }
      files[name] = try Data(contentsOf: cache.appendingPathComponent(name))
    }
  }

  /// Another run beside this one, of a stage's files only.
  func copy(_ stage: String, to name: String) throws -> TinyRun {
    var other = self
    other.name = name
    try FileManager.default.createDirectory(at: other.run, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: run.appendingPathComponent(stage), to: other.run.appendingPathComponent(stage))
    return other
  }
}
