import Foundation
import Testing
import Torch

@testable import Training

@Suite("The slices of a step", .serialized)
struct BatchSliceTests {
  @Test("slices of all processes have every row once, as evenly as can be", arguments: [1, 2, 3, 5], [1, 3, 8, 32])
  func rows(count: Int, limit: Int) {
    let slices = (0..<count).map {
      BatchSlice.slices(ofStep: 4, batchSize: 32, limit: limit, share: RankShare(rank: $0, count: count))
    }
    #expect(slices.flatMap { $0 }.flatMap { Array($0.rows) } == Array(0..<32))
    let sizes = slices.map { $0.reduce(0) { $0 + $1.rows.count } }
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    #expect(slices.flatMap { $0 }.allSatisfy { $0.step == 4 && $0.batchSize == 32 && $0.rows.count <= limit })
    #expect(abs(slices.flatMap { $0 }.reduce(0) { $0 + $1.share } - 1) < 1e-12)
  }

  /// The divisions of a step of 8 rows: as one batch, in halves, in pieces that do not divide it.
  private static let limits = [8, 4, 3, 1]

  @Test("the images, crops and noise of an autoencoder's step are the same however it is divided", arguments: limits)
  func autoencoderRows(limit: Int) throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let objective = try AutoencoderObjective(
      TinyDataset.recipe(steps: 4), architecture: TinyDataset.autoencoder, data: dataset.data())
    let whole = try objective.batch(BatchSlice(step: 3, batchSize: 8, rows: 0..<8))
    for slice in BatchSlice.slices(ofStep: 3, batchSize: 8, limit: limit) {
      let part = try objective.batch(slice)
      let expected = try whole.image_BCHW.narrow(dim: 0, start: slice.rows.lowerBound, length: slice.rows.count)
      #expect(try part.image_BCHW.floats() == expected.floats())
      let like = try Tensor.zeros([slice.rows.count, 4, 2, 2])
      let all = try Tensor.randn([8, 4, 2, 2], generator: TrainingRandomness(seed: 0).generator(.noise, step: 3))
      let rows = try all.narrow(dim: 0, start: slice.rows.lowerBound, length: slice.rows.count)
      #expect(try slice.noise(like: like, generator: part.noise).floats() == rows.floats())
    }
  }

  @Test("the latents, texts, times and noise of a diffusion step are the same however it is divided", arguments: limits)
  func diffusionRows(limit: Int) throws {
    try withTemporaryFolder { folder in
      let objective = try DiffusionTrainingTests.objective(DiffusionTrainingTests.recipe(steps: 4), in: folder)
      let whole = try objective.batch(BatchSlice(step: 2, batchSize: 8, rows: 0..<8))
      for slice in BatchSlice.slices(ofStep: 2, batchSize: 8, limit: limit) {
        let part = try objective.batch(slice)
        #expect(part.times == Array(whole.times[slice.rows]))
        for (one, all) in [
          (part.noise_BCHW, whole.noise_BCHW), (part.latent_BCHW, whole.latent_BCHW),
          (try part.isNull_B.to(.float32), try whole.isNull_B.to(.float32)),
        ] {
          #expect(try one.floats() == slice.rows(of: all).floats())
        }
        // A slice is padded to its own longest text.
        let tokens = part.hidden_BSD.shape[1]
        let texts = try slice.rows(of: whole.hidden_BSD).narrow(dim: 1, start: 0, length: tokens)
        #expect(try part.hidden_BSD.floats() == texts.floats())
      }
    }
  }

  /// Losses of some steps, and all weights after them.
  private func run(_ objective: some Objective, steps: Int) throws -> (losses: [Double], weights: [Double]) {
    let step = try OptimizerStep(objective.trained)
    let losses = try step.losses(of: objective, steps: 0..<steps)
    return (losses, try step.state().tensors.sorted { $0.key < $1.key }.flatMap { try $0.value.doubles() })
  }

  private func expectClose(_ one: [Double], _ other: [Double], within tolerance: Double) {
    #expect(one.count == other.count)
    for (a, b) in zip(one, other) where abs(a - b) > tolerance { Issue.record("\(a) and \(b)") }
  }

  @Test("1 x 8, 2 x 4 and 4 x 2 images a step train the same autoencoder", arguments: [(4, 2), (2, 4)])
  func autoencoder(batchSize: Int, accumulation: Int) throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    func run(_ batchSize: Int, _ accumulation: Int) throws -> (losses: [Double], weights: [Double]) {
      var recipe = try TinyDataset.recipe(steps: 10)
      (recipe.batchSize, recipe.accumulation) = (batchSize, accumulation)
      return try self.run(
        AutoencoderObjective(recipe, architecture: TinyDataset.autoencoder, data: dataset.data()), steps: 10)
    }
    let (whole, parts) = (try run(8, 1), try run(batchSize, accumulation))
    expectClose(whole.losses, parts.losses, within: 1e-5)
    expectClose(whole.weights, parts.weights, within: 1e-4)
  }

  @Test("1 x 8, 2 x 4 and 4 x 2 latents a step train the same diffusion model, dropout included", arguments: [4, 2])
  func diffusion(batchSize: Int) throws {
    try withTemporaryFolder { folder in
      func run(_ batchSize: Int) throws -> (losses: [Double], weights: [Double]) {
        var recipe = try DiffusionTrainingTests.recipe(steps: 10)
        (recipe.batchSize, recipe.accumulation) = (batchSize, 8 / batchSize)
        return try self.run(DiffusionTrainingTests.objective(recipe, dropout: 0.1, in: folder), steps: 10)
      }
      let (whole, parts) = (try run(8), try run(batchSize))
      expectClose(whole.losses, parts.losses, within: 1e-5)
      expectClose(whole.weights, parts.weights, within: 1e-4)
    }
  }
}
