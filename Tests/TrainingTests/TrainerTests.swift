import Foundation
import Generation
import ImageFiles
import Models
import RadiographData
import RadiographImport
import RunRecords
import TensorFiles
import Testing
import Torch

@testable import Training

/// From images to a drawn image: what the README says, with networks that take no time.
@Suite("Training from a dataset to a model", .serialized)
struct TrainerTests {
  private func withRun(_ body: (TinyRun) async throws -> Void) async throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    _ = try TinyRun.placeEncoder(in: dataset.root)
    try await body(TinyRun(root: dataset.root))
  }

  /// A run whose autoencoder is trained.
  private func withTrainedAutoencoder(_ body: (TinyRun) async throws -> Void) async throws {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    let run = TinyRun(root: dataset.root)
    try FileManager.default.removeItem(at: RunFolder(run.run, stage: .diffusion).folder)
    try await body(run)
  }

  @Test("import, train both stages, export, generate")
  func readme() async throws {
    try await withRun { run in
      #expect(try run.trainAutoencoder() == .finished(step: 8))
      #expect(try run.trainDiffusion() == .finished(step: 8))
      let export = try RunExport(
        run: run.run, name: "mine", licence: "CC0-1.0", architecture: TinyRun.architecture)
      #expect(["4", "8"].contains(export.description.training["vae_steps"]))
      // The run was given the encoder's folder; a model goes by the name, wherever it is taken.
      #expect(export.description.textEncoder.name == "tiny")
      #expect(Double(export.description.training["validation_loss"] ?? "") != nil)
      let model = run.root.appendingPathComponent("models/mine")
      try ModelFolder.write(
        export.description, weights: export.weights, card: export.card(), dtype: .float32, to: model.path)

      // The exported weights are the run's best, part by part.
      let best = try SafetensorsFile(path: RunFolder(run.run, stage: .autoencoder).best.path)
      let written = try SafetensorsFile(path: model.appendingPathComponent("vae.safetensors").path)
      #expect(written.names.sorted() == best.names.sorted())
      for name in best.names {
        #expect(try written.tensor(name).contiguousBytes() == best.tensor(name).contiguousBytes())
      }

      let encoder = run.root.appendingPathComponent("encoders/tiny")
      let host = try await ModelHost.load(
        ModelFolder(path: model.path), textEncoder: encoder, device: .device(.cpu), threads: 1)
      let image = try await host.generate(GenerationRequest(prompt: "chest number 1", seed: 3)).images[0].image
      #expect(image.width == 32 && image.height == 32)
      #expect(Set(image.pixels).count > 1)
    }
  }

  @Test("an average of another width is exported without the loss of weights that it does not have")
  func averageOfAnotherWidth() async throws {
    try await withRun { run in
      var run = run
      run.settings = ["averageWidths=[0.05, 0.1]", "cadence.snapshot=2"]
      _ = try run.trainAutoencoder()
      _ = try run.trainDiffusion()
      func export(_ width: Double?) throws -> RunExport {
        try RunExport(
          run: run.run, name: "mine", licence: "none", averageWidth: width, architecture: TinyRun.architecture)
      }
      let (best, average) = (try export(nil), try export(0.08))
      #expect(best.description.training["validation_loss"] != nil)
      #expect(best.description.training["average_width"] == nil)
      #expect(average.description.training["validation_loss"] == nil)
      #expect(average.description.training["average_width"] == "0.08")
      #expect(average.description.training["diffusion_steps"] == "8")
      #expect(try !average.card().contains("validation loss"))
      #expect(try average.card().contains("| average width | 0.08 |"))
      let unets = try [best, average].map { try #require($0.weights[.unet]).mapValues { try $0.floats() } }
      #expect(unets[0].keys == unets[1].keys && unets[0] != unets[1])
    }
  }

  @Test("best weights that are not what was written are refused by name; those of the former version have no hash")
  func damagedWeights() async throws {
    try await withTrainedAutoencoder { (run: TinyRun) async throws in
      _ = try run.trainDiffusion()
      func export() throws -> RunExport {
        try RunExport(run: run.run, name: "mine", licence: "none", architecture: TinyRun.architecture)
      }
      for stage in [TrainingStageName.autoencoder, .diffusion] {
        let url = RunFolder(run.run, stage: stage).best
        let whole = try Data(contentsOf: url)
        var damaged = whole
        damaged[damaged.count - 4] ^= 1
        try damaged.write(to: url)
        #expect(throws: TrainingError.damagedWeights(path: url.path)) { try export() }
        if stage == .autoencoder {
          let other = try run.copy("vae", to: "other")
          let path = RunFolder(other.run, stage: .autoencoder).best.path
          #expect(throws: TrainingError.damagedWeights(path: path)) { try other.trainDiffusion() }
        }
        // As the former version wrote it.
        try whole.write(to: url)
        let best = try BestWeights(contentsOf: url)
        let former = best.metadata.filter { $0.key != "content_sha256" }
        #expect(former.count == best.metadata.count - 1)
        try SafetensorsWriter.write(best.tensors, metadata: former, to: url.path)
        _ = try export()
      }
    }
  }

  @Test("texts are encoded again if the encoder of the same name has other weights, and only then")
  func otherEncoder() async throws {
    try await withTrainedAutoencoder { (run: TinyRun) async throws in
      var run = run
      var steps = 0
      func train(stopAfter: Int = .max) throws -> [String] {
        steps = 0
        var notes: [String] = []
        _ = try run.trainDiffusion(
          report: {
            switch $0 {
            case .progress(let work) where work.activity == "training": steps = work.done
            case .note(let note): notes.append(note)
            default: break
            }
          }, stop: { steps >= stopAfter })
        return notes
      }
      func texts() throws -> [String: Data] { try run.cacheFiles().filter { $0.key.hasPrefix("texts") } }
      _ = try train(stopAfter: 2)
      let before = try texts()
      run.options.resume = true
      #expect(try train(stopAfter: 4).isEmpty)
      #expect(try texts() == before)

      let weights = run.root.appendingPathComponent("encoders/tiny/model.safetensors")
      let file = try SafetensorsFile(path: weights.path)
      let others = try file.loadTensors().mapValues { try ($0 * 1.25).clone() }
      try SafetensorsWriter.write(others, metadata: file.metadata, to: weights.path)
      let notes = try train()
      #expect(notes.count { $0.contains("texts-") && $0.contains("all is encoded again") } == 2, "\(notes)")
      #expect(try texts().keys == before.keys && texts() != before)
    }
  }

  @Test("a run without one of its stages is not exported, and diffusion needs the autoencoder")
  func missingStages() async throws {
    try await withRun { (run: TinyRun) async throws in
      #expect(throws: TrainingError.missingStage(path: run.run.path, stage: .autoencoder)) {
        try run.trainDiffusion()
      }
      #expect(try run.trainAutoencoder() == .finished(step: 8))
      #expect(throws: TrainingError.missingStage(path: run.run.path, stage: .diffusion)) {
        _ = try RunExport(run: run.run, name: "x", licence: "none")
      }
    }
  }

  @Test("a stop at any moment of encoding is gone on from, with or without --resume, and changes nothing")
  func stopsWhileEncoding() async throws {
    try await withTrainedAutoencoder { (run: TinyRun) async throws in
      let whole = try run.copy("vae", to: "whole")
      var asked = 0
      #expect(
        try whole.trainDiffusion(stop: {
          asked += 1
          return false
        }) == .finished(step: 8))
      let moments = asked - 8
      #expect(moments > 6)
      for (number, moment) in [0, 2, moments / 2, moments - 1].enumerated() {
        var part = try run.copy("vae", to: "part\(number)")
        var asked = 0
        let outcome = try part.trainDiffusion(stop: {
          asked += 1
          return asked > moment
        })
        #expect(outcome == .endedPreparing(timeIsUp: false))
        part.options.resume = number > 0 && number % 2 == 0
        var first: Int?
        let ended = try part.trainDiffusion { report in
          if case .progress(let work) = report, work.activity == "encoding train images" { first = first ?? work.done }
        }
        #expect(ended == .finished(step: 8))
        if moment == 2 { #expect(first == 32) }
        #expect(try part.checkpoint("diffusion", step: 8) == whole.checkpoint("diffusion", step: 8))
        #expect(try part.cacheFiles() == whole.cacheFiles())
      }
    }
  }

  @Test("what the former version has stored is removed and encoded again, with a remark")
  func formerCache() async throws {
    try await withTrainedAutoencoder { (run: TinyRun) async throws in
      let cache = run.run.appendingPathComponent("diffusion/cache")
      try FileManager.default.createDirectory(
        at: cache.appendingPathComponent("texts-train.pieces"), withIntermediateDirectories: true)
      try Data([1]).write(to: cache.appendingPathComponent("latents-validation.safetensors"))
      var notes: [String] = []
      let outcome = try run.trainDiffusion { if case .note(let note) = $0 { notes.append(note) } }
      #expect(outcome == .finished(step: 8))
      #expect(notes.count { $0.contains("stored by the former version") } == 2)
      let names = try FileManager.default.contentsOfDirectory(atPath: cache.path).sorted()
      #expect(names == ["latents-train", "latents-validation", "texts-train", "texts-validation"])
    }
  }

  @Test("the time that a run is given is counted from its beginning, encoding included")
  func timeUpWhileEncoding() async throws {
    try await withTrainedAutoencoder { (run: TinyRun) async throws in
      var run = run
      run.options.maximumSeconds = 1e-9
      #expect(try run.trainDiffusion() == .endedPreparing(timeIsUp: true))
    }
  }

  @Test("a dataset that has changed is refused on resuming")
  func grownDataset() async throws {
    try await withRun { run in
      var run = run
      _ = try run.trainAutoencoder()
      try Self.grow(run.root)
      run.options.resume = true
      let error = #expect(throws: TrainingError.self) { try run.trainAutoencoder() }
      guard case .datasetChanged(_, let begun, let found) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(begun.reduce(0, +) < found.reduce(0, +))
      // The former version wrote down nothing of the dataset: its runs go on.
      for name in ["dataset.json", "trained-on.txt", "validation.json"] {
        try FileManager.default.removeItem(at: run.run.appendingPathComponent("vae/\(name)"))
      }
      #expect(try run.trainAutoencoder() == .finished(step: 8))
    }
  }

  @Test("diffusion says that the dataset has grown, and does not validate on what the autoencoder was trained on")
  func splitMadeAgain() async throws {
    try await withRun { run in
      _ = try run.trainAutoencoder()
      let grown = try run.copy("vae", to: "grown")
      try Self.grow(run.root)
      var notes: [String] = []
      let outcome = try grown.trainDiffusion { if case .note(let note) = $0 { notes.append(note) } }
      #expect(outcome == .finished(step: 8))
      #expect(notes.contains { $0.hasPrefix("the dataset has changed since the autoencoder was trained: ") })

      // The same images, divided by another seed.
      try FileManager.default.removeItem(at: run.root.appendingPathComponent("dataset"))
      try TinyDataset.importSource(in: run.root, seed: 77)
      let error = #expect(throws: TrainingError.self) { try run.trainDiffusion() }
      guard case .validationWasTrainedOn(_, let images) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(images > 0)
    }
  }

  @Test("a run keeps validating on the images that it began with; one of the former version on the first ones")
  func validated() async throws {
    try await withTrainedAutoencoder { (run: TinyRun) async throws in
      var run = run
      let file = run.run.appendingPathComponent("vae/validation.json")
      let names = try JSONDecoder().decode([String].self, from: Data(contentsOf: file))
      #expect(names.count == 8)
      #expect(names.allSatisfy { $0.hasPrefix("source/image") })
      // Another choice is kept to: it is the run's.
      try JSONEncoder().encode(Array(names.prefix(2))).write(to: file)
      run.options.resume = true
      try FileManager.default.removeItem(
        at: run.run.appendingPathComponent("vae/checkpoints/step-00000008.safetensors"))
      let before = MetricsLog(run.run.appendingPathComponent("vae/metrics.jsonl")).rows()
      _ = try run.trainAutoencoder()
      let after = MetricsLog(run.run.appendingPathComponent("vae/metrics.jsonl")).rows()
      #expect(before.last?.split == .validation)
      #expect(after.last?.values[.loss] != before.last?.values[.loss])
      #expect(after.first?.values == before.first?.values)
    }
  }

  @Test("the autoencoder learns from images without a text, and diffusion says what is missing")
  func withoutTexts() async throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-textless-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    try TinyDataset.writeSource(in: root, numbers: 0..<40) { _ in nil }
    try TinyDataset.importSource(in: root)
    _ = try TinyRun.placeEncoder(in: root)
    var run = TinyRun(root: root)
    #expect(try run.trainAutoencoder() == .finished(step: 8))
    let record = try RunFolder.read(RunDataset.self, from: run.run.appendingPathComponent("vae/dataset.json"))
    #expect(record.trainingImages > 20)
    let error = TrainingError.noTexts(
      path: root.appendingPathComponent("dataset").path, split: "train", images: record.trainingImages)
    #expect(throws: error) { try run.trainDiffusion() }

    // The former version trained on images with texts alone: its runs go on with those.
    try FileManager.default.removeItem(at: run.run.appendingPathComponent("vae/dataset.json"))
    run.options.resume = true
    #expect(throws: error) { try run.trainAutoencoder() }
  }

  /// Imports more images into the dataset.
  static func grow(_ root: URL) throws {
    try TinyDataset.writeSource(in: root, numbers: 40..<60)
    try TinyDataset.importSource(in: root)
  }
}
