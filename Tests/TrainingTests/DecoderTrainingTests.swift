import Foundation
import Models
import RadiographModels
import RunRecords
import Testing
import Torch

@testable import Training

@Suite("Training a decoder for an encoder that stays", .serialized)
struct DecoderTrainingTests {
  @Test("a distance of spectra is 0 to the image, 1 - 2g / (1 + g^2) to g times it, 2 to its negative, 1 to others")
  func distance() throws {
    let spectrum = try SpectrumDistance(side: 32, dtype: .float64)
    let image = try Tensor.randn([2, 1, 32, 32], generator: Generator(seed: 3), dtype: .float64)
    #expect(try spectrum(image, image).item() == 0)
    #expect(abs(try spectrum(image * 1.5 + 4, image).item() - (1 - 3 / 3.25)) < 1e-6)
    #expect(abs(try spectrum(-image, image).item() - 2) < 1e-6)
    let other = try Tensor.randn([2, 1, 32, 32], generator: Generator(seed: 4), dtype: .float64)
    #expect(abs(try spectrum(other, image).item() - 1) < 0.2)
  }

  @Test("of what is half right, the distance is least with the power of the original, and noise makes it greater")
  func gain() throws {
    let spectrum = try SpectrumDistance(side: 32, dtype: .float64)
    let (known, unknown, noise) = try (
      Tensor.randn([8, 1, 32, 32], generator: Generator(seed: 1), dtype: .float64),
      Tensor.randn([8, 1, 32, 32], generator: Generator(seed: 2), dtype: .float64),
      Tensor.randn([8, 1, 32, 32], generator: Generator(seed: 3), dtype: .float64)
    )
    let original = try known + unknown
    // Pixels are nearest to the known part as it is; half of the power is missing in it.
    let (mean, matched) = try (spectrum(known, original).item(), spectrum(known * 2.0.squareRoot(), original).item())
    #expect(matched < mean)
    #expect(try spectrum(known * 2, original).item() > matched)
    #expect(try spectrum(known + noise, original).item() > mean)
  }

  @Test("its gradient is that of small differences")
  func gradient() throws {
    let spectrum = try SpectrumDistance(side: 16, dtype: .float64)
    let image = try Tensor.randn([1, 1, 16, 16], generator: Generator(seed: 5), dtype: .float64)
    let start = try (image * 0.7 + Tensor.randn([1, 1, 16, 16], generator: Generator(seed: 6), dtype: .float64) * 0.1)
    let direction = try Tensor.randn([1, 1, 16, 16], generator: Generator(seed: 7), dtype: .float64)
    let leaf = try start.detach().clone().setRequiresGrad(true)
    try spectrum(leaf, image).backward()
    let found = try leaf.grad
    let slope = try (#require(found) * direction).sum().item()
    let h = 1e-5
    let difference = try withoutGradients {
      try (spectrum(start + direction * h, image).item() - spectrum(start - direction * h, image).item()) / (2 * h)
    }
    #expect(abs(slope - difference) < 1e-6 * max(1, abs(slope)))
  }

  /// The weights of a run's best autoencoder.
  private func weights(_ run: TinyRun) throws -> [String: [Float]] {
    try BestWeights(contentsOf: RunFolder(run.run, stage: .autoencoder).best).tensors.mapValues { try $0.floats() }
  }

  @Test("the encoder keeps its very bytes, the decoder moves, and the model is exported with it")
  func decoder() throws {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    let former = TinyRun(root: dataset.root)
    var run = TinyRun(root: dataset.root)
    run.name = "decoder"
    run.settings = ["startsFrom=\(former.run.path)", "keepsEncoder=true", "spectrumWeight=0.05"]
    #expect(try run.trainAutoencoder() == .finished(step: 8))
    let (before, after) = (try weights(former), try weights(run))
    #expect(before.keys.sorted() == after.keys.sorted())
    for (path, values) in before {
      #expect((after[path] == values) == StartingWeights.isEncoder(path), "\(path)")
    }
    let metrics = try String(contentsOf: RunFolder(run.run, stage: .autoencoder).metrics, encoding: .utf8)
    #expect(metrics.split(separator: "\n").allSatisfy { $0.contains("\"spectrum\"") })

    let export = try RunExport(
      run: former.run, name: "x", licence: "none", architecture: TinyRun.architecture)
    let other = try export.withDecoder(of: run.run)
    #expect(other.description.training["decoder_steps"] != nil)
    #expect(try other.weights[.autoencoder]?.mapValues { try $0.floats() } == after)
    #expect(other.weights[.unet]?.count == export.weights[.unet]?.count)
    // One that was trained alone has another encoder.
    var stranger = TinyRun(root: dataset.root)
    stranger.name = "stranger"
    stranger.settings = ["seed=5"]
    _ = try stranger.trainAutoencoder()
    #expect { try export.withDecoder(of: stranger.run) } throws: { "\($0)".contains("its encoder is another") }
    #expect(throws: TrainingError.missingStage(path: dataset.root.path, stage: .autoencoder)) {
      try export.withDecoder(of: dataset.root)
    }
  }

  @Test("both stages begin with the weights of a run or of a model that is exported from it")
  func start() throws {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    let former = TinyRun(root: dataset.root)
    let model = dataset.root.appendingPathComponent("model")
    let export = try RunExport(run: former.run, name: "model", licence: "none", architecture: TinyRun.architecture)
    try ModelFolder.write(
      export.description, weights: export.weights, card: "x", dtype: .float32, to: model.path, overwrite: false)
    for (number, start) in [former.run, model].enumerated() {
      var run = TinyRun(root: dataset.root)
      run.name = "later-\(number)"
      // No step that would be seen.
      run.settings = ["startsFrom=\(start.path)", "learningRate=1e-12", "finalLearningRate=1e-12", "warmupSteps=0"]
      _ = try run.trainAutoencoder()
      _ = try run.trainDiffusion()
      for stage in [TrainingStageName.autoencoder, .diffusion] {
        let weights = try [former, run].map { run in
          try BestWeights(contentsOf: RunFolder(run.run, stage: stage).best).tensors
        }
        #expect(weights[0].keys.sorted() == weights[1].keys.sorted())
        for (path, tensor) in weights[0] {
          let other = try #require(weights[1][path])
          #expect(try (other - tensor).abs().max().item() < 1e-6, "\(path)")
        }
      }
    }
    expectRefused("keepsEncoder") {
      var recipe = AutoencoderRecipe()
      recipe.keepsEncoder = true
      return try recipe.validate()
    }
  }

  @Test("a folder that is neither a run nor a model is refused")
  func missing() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    var run = TinyRun(root: dataset.root)
    run.settings = ["startsFrom=/nowhere"]
    #expect { try run.trainAutoencoder() } throws: { "\($0)".contains("/nowhere") }
  }
}
