import Diffusion
import Foundation
import Testing
import Torch

@testable import Training

/// Every loss of diffusion, as `--set` reaches it.
@Suite("The losses of diffusion", .serialized)
struct DiffusionObjectivesTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let settings: [String]
    var testDescription: String { settings.joined(separator: " ") }

    static let all =
      ["epsilon", "sample", "v"].map {
        Way(settings: ["scheduler.schedule.type=linear", "scheduler.prediction=\($0)", "times.type=uniform"])
      } + [
        Way(settings: ["scheduler.prediction=flow", "times={type: logitNormal, mean: 0.5, deviation: 1.2}"]),
        Way(settings: ["weighting={type: minSNR, gamma: 3}"]),
        Way(settings: ["weighting={type: p2, gamma: 0.5, k: 1}"]),
        Way(settings: ["contrastiveWeight=0.05"]),
        Way(settings: [
          "scheduler.schedule={type: linear, zeroTerminalSNR: true}", "scheduler.prediction=v", "times.type=uniform",
        ]),
      ]

    func recipe(steps: Int) throws -> DiffusionRecipe {
      let base = try DiffusionTrainingTests.recipe(steps: steps)
      let recipe = try ConfigurationResolver.resolve(base, file: nil, settings: settings)
      try recipe.validate()
      return recipe
    }
  }

  @Test("the loss falls", arguments: Way.all)
  func learning(_ way: Way) throws {
    try withTemporaryFolder { (folder: URL) throws in
      var recipe = try way.recipe(steps: 100)
      recipe.learningRate = 3e-3
      let objective = try DiffusionTrainingTests.objective(recipe, in: folder)
      let losses = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<100)
      let (early, late) = (losses.prefix(20).reduce(0, +) / 20, losses.suffix(20).reduce(0, +) / 20)
      #expect(late < 0.95 * early, "\(early) to \(late)")
    }
  }

  @Test("a step is the same however it is divided", arguments: Way.all)
  func slices(_ way: Way) throws {
    try withTemporaryFolder { (folder: URL) throws in
      func run(_ batchSize: Int) throws -> (losses: [Double], weights: [Double]) {
        var recipe = try way.recipe(steps: 4)
        (recipe.batchSize, recipe.accumulation) = (batchSize, 8 / batchSize)
        let objective = try DiffusionTrainingTests.objective(recipe, in: folder)
        let step = try OptimizerStep(objective.trained)
        let losses = try step.losses(of: objective, steps: 0..<4)
        return (losses, try step.state().tensors.sorted { $0.key < $1.key }.flatMap { try $0.value.doubles() })
      }
      let (whole, parts) = (try run(8), try run(2))
      #expect(zip(whole.losses, parts.losses).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($0)) })
      #expect(zip(whole.weights, parts.weights).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test("the contrastive loss is that of the formula over the rows of the step, and needs two of them")
  func contrastive() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let way = Way(settings: ["contrastiveWeight=0.1", "times.type=uniform"])
      let objective = try DiffusionTrainingTests.objective(way.recipe(steps: 4), in: folder)
      let whole = BatchSlice(step: 2, batchSize: 4, rows: 0..<4)
      let batch = try objective.batch(whole)
      let others = try #require(batch.others)
      func rolled(_ tensor: Tensor) throws -> [Float] {
        let all = try tensor.floats()
        let row = all.count / 4
        return Array(all[row...] + all[..<row])
      }
      #expect(try others.clean.floats() == rolled(batch.latent_BCHW))
      #expect(try others.noise.floats() == rolled(batch.noise_BCHW))
      // What is taken off grows with the share.
      let losses = try [0, 0.1, 0.2].map { share in
        let way = Way(settings: ["contrastiveWeight=\(share)", "times.type=uniform"])
        let objective = try DiffusionTrainingTests.objective(way.recipe(steps: 4), in: folder)
        return try objective.losses(of: objective.batch(whole), whole)[0].value.item()
      }
      #expect(losses[1] < 0.95 * losses[0])
      #expect(abs(losses[0] - 2 * losses[1] + losses[2]) < 1e-5 * losses[0])
      var alone = try way.recipe(steps: 4)
      alone.batchSize = 1
      expectRefused("batchSize") { try alone.validate() }
    }
  }

  @Test("a share outside its range is refused with its key")
  func refused() throws {
    for value in ["1", "-0.1"] {
      expectRefused("contrastiveWeight") { try Way(settings: ["contrastiveWeight=\(value)"]).recipe(steps: 4) }
    }
  }
}
