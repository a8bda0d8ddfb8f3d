import Evaluation
import Foundation
import Models
import RadiographData
import RunRecords
import Support
import TensorFiles
import Testing
import Torch

@testable import Training

@Suite("The weights that a run keeps, step by step", .serialized)
struct RunSnapshotsTests {
  private func withRun(_ body: (TinyRun) throws -> Void) throws {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    try body(TinyRun(root: dataset.root))
  }

  private func snapshots(_ run: TinyRun, width: Double? = nil) throws -> RunSnapshots {
    try RunSnapshots(of: run.run, averageWidth: width, architecture: TinyRun.architecture)
  }

  private func unet(_ model: RunSnapshots.Model?) throws -> [String: [Float]] {
    try #require(model?.export.weights[.unet]).mapValues { try $0.floats() }
  }

  @Test("checkpoints and the best weights make the models of their steps, with the average that was validated")
  func models() throws {
    try withRun { run in
      let folder = RunFolder(run.run, stage: .diffusion)
      let best = try #require(SafetensorsFile(path: folder.best.path).metadata["step"].flatMap { Int($0) })
      let snapshots = try snapshots(run)
      #expect(snapshots.steps == Set([6, 8, best]).sorted())
      #expect(snapshots.validatedSteps == [4, 8])
      #expect(try snapshots.textEncoderFolder().lastPathComponent == "tiny")
      for step in snapshots.steps {
        let model = try snapshots.model(at: step)
        let stored: [String: Tensor]
        if step == best {
          stored = try BestWeights(contentsOf: folder.best).tensors
        } else {
          stored = try Checkpoint(contentsOf: folder.checkpoint(step: step), step: step).state.part("average.").tensors
        }
        let expected = try stored.filter { $0.key.hasPrefix("unet.") }.mapValues { try $0.floats() }
        #expect(try unet(model).count == expected.count)
        for (path, values) in try unet(model) { #expect(expected["unet." + path] == values) }
        #expect(model?.export.weights[.autoencoder]?.isEmpty == false)
      }
      let hashes = try snapshots.steps.map { try snapshots.model(at: $0)?.hash }
      #expect(try snapshots.steps.map { try snapshots.model(at: $0)?.hash } == hashes)
      #expect(Set(hashes).count == snapshots.steps.count && !hashes.contains(nil))
    }
  }

  @Test("the best weights and the checkpoint of the same step are the same model")
  func sameModel() throws {
    try withRun { run in
      let folder = RunFolder(run.run, stage: .diffusion)
      let checkpoint = folder.checkpoint(step: 6)
      try FileManager.default.removeItem(at: folder.best)
      let stored = try snapshots(run).model(at: 6)
      let average = try Checkpoint(contentsOf: checkpoint, step: 6).state.part("average.").tensors
      try BestWeights(tensors: average, metadata: ["step": "6"]).write(to: folder.best)
      try FileManager.default.removeItem(at: checkpoint)
      let best = try snapshots(run)
      #expect(best.steps == [6, 8])
      let made = try best.model(at: 6)
      #expect(made != nil && made?.hash == stored?.hash)
    }
  }

  @Test("a checkpoint that a run has removed since is no model, and a damaged one is an error")
  func goneAndDamaged() throws {
    try withRun { run in
      let folder = RunFolder(run.run, stage: .diffusion)
      let snapshots = try snapshots(run)
      try FileManager.default.removeItem(at: folder.checkpoint(step: 6))
      #expect(try snapshots.model(at: 6) == nil)
      try FileManager.default.removeItem(at: folder.best)
      let url = folder.checkpoint(step: 8)
      var bytes = try Data(contentsOf: url)
      bytes[bytes.count - 4] ^= 1
      try bytes.write(to: url)
      #expect(throws: TrainingError.damagedCheckpoint(path: url.path)) { try snapshots.model(at: 8) }
    }
  }

  @Test("with a width, each snapshot's step is the average of that width until then")
  func widths() throws {
    try withRun { run in
      var other = run
      other.name = "widths"
      _ = try run.copy("vae", to: "widths")
      other.settings = ["averageWidths=[0.05, 0.1]", "cadence.snapshot=2"]
      _ = try other.trainDiffusion()
      let snapshots = try snapshots(other, width: 0.08)
      #expect(snapshots.steps == [2, 4, 6, 8])
      let last = try RunExport(
        run: other.run, name: "x", licence: "none", averageWidth: 0.08, architecture: TinyRun.architecture)
      #expect(try unet(snapshots.model(at: 8)) == last.weights[.unet]?.mapValues { try $0.floats() })
      // Of the width that was followed, the snapshot itself.
      let followed = try self.snapshots(other, width: 0.1)
      let file = try SafetensorsFile(
        path: RunFolder(other.run, stage: .diffusion).averages.appendingPathComponent("updates-00000004.safetensors")
          .path)
      #expect(file.metadata["step"] == "4")
      for (path, values) in try unet(followed.model(at: 4)) {
        let stored = try file.loadTensors()["0.1/unet.\(path)"].map { try $0.to(.float32).floats() }
        #expect(zip(values, try #require(stored)).allSatisfy { abs($0 - $1) <= 1e-5 * max(abs($1), 1) })
      }
    }
  }

  @Test("a run that keeps nothing, or is none, and a width without snapshots are refused with what to do")
  func nothingKept() throws {
    try withRun { run in
      let folder = RunFolder(run.run, stage: .diffusion)
      #expect(throws: TrainingError.noSnapshots(path: folder.folder.path)) { try snapshots(run, width: 0.1) }
      for url in [folder.best, folder.checkpoint(step: 6), folder.checkpoint(step: 8)] {
        try FileManager.default.removeItem(at: url)
      }
      let error = TrainingError.noKeptWeights(path: folder.folder.path)
      #expect(throws: error) { try snapshots(run) }
      #expect("\(error)".contains("--set cadence.keep="))
      try FileManager.default.removeItem(at: folder.folder)
      #expect(throws: TrainingError.missingStage(path: run.run.path, stage: .diffusion)) { try snapshots(run) }
      #expect(throws: TrainingError.notARun(path: run.root.path)) {
        try RunSnapshots(of: run.root, averageWidth: nil, architecture: TinyRun.architecture)
      }
    }
  }

  @Test("the images are those of the run, and another dataset is refused with both numbers")
  func images() throws {
    try withRun { run in
      let snapshots = try snapshots(run)
      let dataset = run.root.appendingPathComponent("dataset")
      let images = try snapshots.images(in: dataset)
      #expect(images.training.count > 20 && images.validation.count > 4)
      let found = images.validation.count
      #expect(throws: MeasurementError.tooFewInSet(path: "the validation part", found: found, minimum: 40)) {
        try SampleComparison(
          images.dataset, training: images.training, validation: images.validation, samples: nil, seed: 0,
          captionSeed: 0)
      }
      try FileManager.default.removeItem(at: dataset)
      try TinyDataset.writeSource(in: run.root, numbers: 40..<60)
      try TinyDataset.importSource(in: run.root)
      let opened = try RadiographDataset.open(dataset)
      let parts = try [DatasetSplit.train, .validation].map { try PixelBatches(opened, split: $0).records.count }
      #expect(
        throws: TrainingError.otherDataset(
          path: dataset.path, begun: [images.training.count, images.validation.count], found: parts)
      ) { try snapshots.images(in: dataset) }
    }
  }

  @Test("the page is made again with what was measured, but not under a process that trains")
  func page() throws {
    try withRun { run in
      let snapshots = try snapshots(run)
      let folder = RunFolder(run.run, stage: .diffusion)
      try FileManager.default.createDirectory(at: folder.distances, withIntermediateDirectories: true)
      var distances = SampleDistances(
        measure: "FID", network: "clean", extractor: "Inception-v3", extractorHash: "0", preprocessing: "none",
        averageWidth: nil, samples: 40, seed: 0, images: 40, imagesHash: "0", trainingDistance: 1, trainingDraws: 5)
      distances.set(.init(step: 8, distance: 12.5, model: "0"))
      try distances.write(in: folder.distances)
      #expect(RunStatus.table(of: .diffusion, in: run.run).contains("FID, clean, n = 40"))
      #expect(!RunStatus.table(of: .autoencoder, in: run.run).contains("FID"))
      func hasColumn() throws -> Bool {
        try String(contentsOf: folder.report, encoding: .utf8).contains("FID, clean, n = 40")
      }
      let lock = try RunLock(run.run)
      try withExtendedLifetime(lock) { try snapshots.writePage() }
      #expect(try !hasColumn())
    }
    try withRun { run in
      let folder = RunFolder(run.run, stage: .diffusion)
      try FileManager.default.removeItem(at: folder.report)
      try snapshots(run).writePage()
      #expect(try String(contentsOf: folder.report, encoding: .utf8).contains("Table 2"))
    }
  }
}
