import Foundation
import Models
import TensorFiles
import TestBasics
import Testing
import Torch

@testable import Training

@Suite("The benchmark of training")
struct TrainingBenchmarkTests {
  /// The phantom recipe's networks on two images of 16 pixels, or texts of as many tokens as it has.
  private let benchmark = TrainingBenchmark(
    recipe: "phantom", settings: ["batchSize=2", "precision=float32", "warmupSteps=0"], runs: 2)

  @Test("it ends between two steps if its task is cancelled", arguments: TrainingBenchmark.stages)
  func cancelled(_ stage: TrainingStageName) async throws {
    let benchmark = benchmark
    let work = Task { () -> Int in
      withUnsafeCurrentTask { $0?.cancel() }
      return try benchmark.run(stage).milliseconds.count
    }
    await #expect(throws: CancellationError.self) { try await work.value }
  }

  @Test("the step that is written down is the first that is measured", arguments: TrainingBenchmark.stages)
  func saved(_ stage: TrainingStageName) throws {
    try withTemporaryFolder { (folder: URL) throws in
      let file = folder.appendingPathComponent("step.safetensors")
      var progress: [Int] = []
      let outcome = try benchmark.run(stage, saving: file) { progress.append($0) }
      #expect(progress == [1, 2, 3, 4])
      #expect(outcome.milliseconds.count == 2)
      #expect(outcome.imagesPerStep == 2)
      #expect(try #require(outcome.peakMemoryBytes) > 1_000_000)
      let losses = outcome.losses.compactMap { $0 }
      #expect(losses.count == 4)
      // Every step sees the same images and texts: the loss of two images falls at once.
      #expect(try #require(losses.last) < losses[0])

      let stored = try SafetensorsFile(path: file.path)
      let tensors = try stored.loadTensors()
      #expect(try #require(tensors["loss"]).item() == losses[0])
      let weights = Set(tensors.keys.filter { $0.hasPrefix("weights.") }.map { $0.dropFirst("weights.".count) })
      let gradients = Set(tensors.keys.filter { $0.hasPrefix("gradients.") }.map { $0.dropFirst("gradients.".count) })
      #expect(!weights.isEmpty)
      #expect(weights == gradients)
      let squares = try gradients.map { try #require(tensors["gradients.\($0)"]).square().sum().item() }
      #expect(squares.reduce(0, +) > 0)
      for key in ["architecture", "recipe"] {
        let text = try #require(stored.metadata[key])
        #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any])
      }
    }
  }

  @Test("the loss in the file is that of its inputs")
  func inputs() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let file = folder.appendingPathComponent("step.safetensors")
      _ = try benchmark.run(.autoencoder, saving: file)
      let tensors = try SafetensorsFile(path: file.path).loadTensors()
      let recipe: AutoencoderRecipe = try .ofNewRun("phantom", file: nil, settings: benchmark.settings)
      let loss = try AutoencoderProbe(recipe, device: .cpu).loss
      let image = try #require(tensors["inputs.image"])
      let latent = try loss.autoencoder.encode(image)
      let decoded = try loss.autoencoder.decode(latent.sample(noise_BCHW: #require(tensors["inputs.noise"])))
      let terms = try [
        loss.reconstructionLoss(decoded, image).item(), latent.divergence().item() * loss.klWeight(step: 0),
        (1 - loss.similarity(decoded, image).item()) * recipe.ssimWeight,
      ]
      #expect(try abs(terms.reduce(0, +) - #require(tensors["loss"]).item()) < 1e-6)
    }
  }

  @Test("a stage that needs data is refused")
  func refused() {
    #expect(throws: TrainingError.self) { try benchmark.run(.classifier) }
  }
}
