import Foundation
import ImageFiles
import RunRecords
import Torch
import TorchNN

@testable import Training

/// One weight that is drawn to 3, with noise of each row: an objective that takes no time.
struct ToyObjective: Objective {
  var totalSteps = 12
  var batchSize = 2
  var microBatchSize = 2
  var imagesPerEpoch: Int { 8 }
  let description = StageDescription(name: "vae", title: "Toy")
  /// The gradients of these steps are infinite, and their losses are not.
  var stepsOfInfiniteGradient: Range<Int> = 0..<0
  let trained: [TrainedWeights]
  private let weight: Parameter

  init(learningRate: Double = 0.1, precision: DType = .float32) throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    weight = try store.root.parameter("weight", [2], .zeros)
    var settings = CommonSettings()
    (settings.steps, settings.learningRate, settings.finalLearningRate) = (12, learningRate, learningRate)
    (settings.emaDecay, settings.precision) = (0.9, precision)
    trained = [TrainedWeights(store: store, settings: settings)]
  }

  func batch(_ slice: BatchSlice) throws -> Tensor {
    try slice.noise(
      like: Tensor.zeros([slice.rows.count, 2]), generator: Generator(seed: UInt64(slice.step)))
  }

  func losses(of noise_B2: Tensor, _ slice: BatchSlice) throws -> [Loss] {
    var loss = try (weight.value - 3.0 + noise_B2 * 0.1).square().mean()
    if stepsOfInfiniteGradient.contains(slice.step) {
      // The root's slope at 0 is infinite.
      loss = try loss + (weight.value.detach() - weight.value).abs().sqrt().mean()
    }
    return [Loss(value: loss)]
  }

  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    means.add([.loss: try (weight.value - 3.0).square().mean().item()])
    return means
  }

  func writeSamples(to picture: URL) throws {
    try Data(GrayscaleImage(width: 1, height: 1, pixels: [0]).pngBytes()).write(to: picture)
  }

  static let cadence: Cadence = {
    var cadence = Cadence()
    (cadence.log, cadence.validate, cadence.checkpoint) = (4, 6, 2)
    return cadence
  }()

  /// Runs the loop over an objective in `folder`.
  @discardableResult
  static func train(
    _ objective: some Objective, in folder: URL, cadence: Cadence = ToyObjective.cadence, resume: Bool = false,
    maximumSeconds: Double? = nil, stopAfter: Int = .max, report: @escaping (TrainingReport) -> Void = { _ in }
  ) throws -> LoopOutcome {
    var asked = 0
    let limits = RunLimits(maximumSeconds: maximumSeconds) {
      asked += 1
      return asked > stopAfter
    }
    return try TrainingLoop(
      folder: RunFolder(folder, stage: objective.description.name), cadence: cadence, resume: resume, limits: limits,
      report: report
    ).run(objective)
  }
}

/// A folder of its own for each test, gone afterwards.
func withTemporaryFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-training-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

extension OptimizerStep {
  /// The losses of some steps in a row, each of which has to be taken.
  func losses(of objective: some Objective, steps: Range<Int>) throws -> [Double] {
    try steps.map { step in
      guard case .taken(let values) = try self(objective, step: step) else { throw NotFinite(quantity: .loss) }
      return values[.loss] ?? .nan
    }
  }
}
