import Foundation
import RadiographModels
import RunRecords
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import Training

/// Every term of the autoencoder's loss, as `--set` reaches it.
@Suite("The terms of an autoencoder's loss", .serialized)
struct AutoencoderObjectivesTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let settings: [String]
    /// What is measured of it.
    let metric: Metric?
    var testDescription: String { settings.joined(separator: " ") }

    static let discriminator = ["discriminatorWidth=8", "discriminatorLayers=1"]
    static let all = [
      Way(settings: ["reconstruction=mse", "klWarmupSteps=6", "klWeight=0.1"], metric: .divergence),
      Way(settings: ["equivarianceWeight=0.5"], metric: .equivariance),
      Way(settings: ["perceptualWeight=0.5"], metric: .perceptual),
      Way(settings: ["spectrumWeight=0.05"], metric: .spectrum),
      Way(settings: ["adversarialWeight=0.1", "adversarialStart=2"] + discriminator, metric: .adversarial),
      Way(settings: ["adversarialWeight=0.1", "optimizer=muon"] + discriminator, metric: .discriminator),
    ]
  }

  private func objective(_ settings: [String], steps: Int, batchSize: Int = 4, _ dataset: TinyDataset) throws
    -> AutoencoderObjective
  {
    var base = try TinyDataset.recipe(steps: steps)
    (base.batchSize, base.accumulation) = (batchSize, 4 / batchSize)
    let recipe = try ConfigurationResolver.resolve(base, file: nil, settings: settings)
    try recipe.validate()
    return try AutoencoderObjective(recipe, architecture: TinyDataset.autoencoder, data: dataset.data())
  }

  @Test("the error of what is decoded falls, and the term is measured", arguments: Way.all)
  func learning(_ way: Way) throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let objective = try objective(way.settings, steps: 100, dataset)
    let step = try OptimizerStep(objective.trained)
    let rows = try (0..<100).map { number in
      guard case .taken(let values) = try step(objective, step: number) else { throw NotFinite(quantity: .loss) }
      return values
    }
    let errors = rows.compactMap { $0[.reconstruction] }
    let (early, late) = (errors.prefix(10).reduce(0, +), errors.suffix(10).reduce(0, +))
    #expect(late < 0.95 * early, "\(early / 10) to \(late / 10)")
    if let metric = way.metric { #expect(rows.last?[metric]?.isFinite == true) }
    if way.metric == .adversarial {
      #expect(rows[1][.adversarial] == nil && rows[2][.adversarial] != nil)
    }
  }

  @Test("a step is the same however it is divided", arguments: Way.all)
  func slices(_ way: Way) throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    func run(_ batchSize: Int) throws -> (losses: [Double], weights: [Double]) {
      let objective = try objective(way.settings, steps: 4, batchSize: batchSize, dataset)
      let step = try OptimizerStep(objective.trained)
      let losses = try step.losses(of: objective, steps: 0..<4)
      return (losses, try step.state().tensors.sorted { $0.key < $1.key }.flatMap { try $0.value.doubles() })
    }
    let (whole, parts) = (try run(4), try run(1))
    #expect(zip(whole.losses, parts.losses).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(whole.weights.count == parts.weights.count)
    let worst = zip(whole.weights, parts.weights).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst < 2e-4, "\(worst)")
  }

  @Test("a run that was stopped and resumed ends with the very bytes of one that was not", arguments: Way.all)
  func exactResume(_ way: Way) throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    func run(_ name: String, resume: Bool = false, stopAfter: Int = .max) throws -> Data {
      _ = try ToyObjective.train(
        objective(way.settings, steps: 6, dataset), in: dataset.run(name), resume: resume, stopAfter: stopAfter)
      let folder = RunFolder(dataset.run(name), stage: .autoencoder)
      return try Data(contentsOf: folder.checkpoint(step: min(stopAfter, 6)))
    }
    let whole = try run("whole")
    _ = try run("parts", stopAfter: 3)
    #expect(try run("parts", resume: true) == whole)
  }

  @Test("KL counts from nothing to its weight, and then stays")
  func annealing() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let annealed = try objective(["klWeight=0.2", "klWarmupSteps=10"], steps: 20, dataset)
    #expect([0, 5, 10, 15].map(annealed.loss.klWeight) == [0, 0.1, 0.2, 0.2])
    let plain = try objective(["klWeight=0.2"], steps: 20, dataset)
    #expect(plain.loss.klWeight(step: 0) == 0.2)
  }

  @Test("neither loss gives a gradient to what the other trains")
  func separateGradients() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let objective = try objective(["adversarialWeight=1"] + Way.discriminator, steps: 4, dataset)
    let slice = BatchSlice(step: 0, batchSize: 4, rows: 0..<4)
    func gradients(ofLoss index: Int) throws -> [Bool] {
      for part in objective.trained { try part.store.clearGradients() }
      try objective.losses(of: objective.batch(slice), slice)[index].value.backward()
      return try objective.trained.map { part in
        try part.store.trainableParameters.contains { try $0.value.grad != nil }
      }
    }
    #expect(objective.trained.map(\.prefix) == ["", "discriminator."])
    #expect(try gradients(ofLoss: 0) == [true, false])
    #expect(try gradients(ofLoss: 1) == [false, true])
  }

  /// One process, and what several do to a parameter without a gradient: it has zeros.
  private struct Zeros: ProcessGroup {
    let share = RankShare()
    var isBroken: Bool { false }

    func sum(gradientsOf parameters: [Parameter]) throws {
      for parameter in parameters {
        let value = try parameter.value
        if try value.grad == nil { try value.setGrad(value.detach().zerosLike()) }
      }
    }
    func beginSum(gradientsOf parameters: [Parameter]) {}
    func sum(_ values: [Double], limited: Bool) -> [Double] { values }
    func takeFromFirst(_ parameters: [Parameter]) {}
    func fromFirst(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func waitForAll() {}
    func leave() {}
    func end(because error: any Error) {}
  }

  @Test("before its first step the discriminator does not move, not even by decay, in several processes either")
  func beforeItsStart() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let settings = ["adversarialWeight=1", "adversarialStart=2", "weightDecay=0.5", "warmupSteps=0"]
    let objective = try objective(settings + Way.discriminator, steps: 4, dataset)
    let store = objective.trained[1].store
    func weights() throws -> [String: [Float]] { try store.tensors().mapValues { try $0.floats() } }
    let first = try weights()
    let step = try OptimizerStep(objective.trained, group: Zeros())
    _ = try step.losses(of: objective, steps: 0..<2)
    #expect(try weights() == first)
    _ = try step.losses(of: objective, steps: 2..<3)
    #expect(try weights() != first)
  }

  @Test("an autoencoder begins with the same weights and crops, whatever its loss has")
  func sameBeginning() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let slice = BatchSlice(step: 3, batchSize: 4, rows: 0..<4)
    let plain = try objective([], steps: 4, dataset)
    for way in Way.all {
      let other = try objective(way.settings, steps: 4, dataset)
      #expect(try other.batch(slice).image_BCHW.floats() == plain.batch(slice).image_BCHW.floats())
      let weights = try [plain, other].map { try $0.trained[0].store.tensors().mapValues { try $0.floats() } }
      #expect(weights[0] == weights[1])
    }
  }

  @Test("a discriminator whose patches are larger than the crops is refused, and so are numbers out of range")
  func refused() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    for settings in [
      ["discriminatorLayers=5", "adversarialWeight=1"], ["equivarianceScale=0"], ["klWarmupSteps=-1"],
      ["perceptualWeight=-1"], ["spectrumWeight=-1"],
    ] {
      expectRefused(String(settings[0].prefix { $0 != "=" })) { try objective(settings, steps: 4, dataset) }
    }
    #expect(throws: (any Error).self) {
      try objective(["perceptualWeight=1", "perceptualNetwork=/nowhere.safetensors"], steps: 4, dataset)
    }
  }
}
