import Foundation
import ImageFiles
import Torch
import TorchNN

@testable import Training

/// One weight that is drawn to 3, with noise of each step's own: a stage that takes no time.
struct ToyStage: TrainingStage {
  var totalSteps = 12
  var imagesPerStep: Int { 2 }
  var imagesPerEpoch: Int { 8 }
  var learningRate = 0.1
  /// The gradient of this step is infinite, and its loss is not.
  var stepOfInfiniteGradient: Int?
  /// This step makes the weight infinite, though its gradient is finite.
  var stepOfInfiniteWeight: Int?
  private let model: ModelState
  private let weight: Parameter

  init() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    weight = try store.root.parameter("weight", [2], .zeros)
    model = try ModelState(store, optimizer: .init(), emaDecay: 0.9)
  }

  mutating func step(_ step: Int) throws -> [String: Double] {
    let noise = try Tensor.randn([2], generator: Generator(seed: UInt64(step)))
    var loss = try (weight.value - 3.0 + noise * 0.1).square().mean()
    if step == stepOfInfiniteGradient {
      // The root's slope at 0 is infinite.
      loss = try loss + (weight.value.detach() - weight.value).abs().sqrt().mean()
    }
    let value = try loss.item()
    try NotFinite.require(value, .loss)
    try loss.backward()
    let rate = step == stepOfInfiniteWeight ? Double.greatestFiniteMagnitude : learningRate
    let norm = try model.update(learningRate: rate, gradientClip: 1)
    return ["loss": value, "gradient_norm": norm]
  }

  func validate() throws -> [String: Double] {
    ["loss": try (weight.value - 3.0).square().mean().item()]
  }

  func state() throws -> StageState { try model.state() }
  mutating func restore(_ state: StageState) throws { try model.restore(state) }
  func weights() throws -> [String: Tensor] { model.average.state() }

  func writeSamples(to picture: URL) throws {
    try Data(GrayscaleImage(width: 1, height: 1, pixels: [0]).pngBytes()).write(to: picture)
  }

  /// Runs the loop over a stage in `folder`.
  @discardableResult
  static func train(
    _ stage: ToyStage, in folder: URL, options: LoopOptions = ToyStage.options, stopAfter: Int = .max,
    note: @escaping (String) -> Void = { _ in }
  ) throws -> LoopOutcome {
    var stage = stage
    var asked = 0
    let limits = RunLimits(maximumSeconds: options.maximumSeconds) {
      asked += 1
      return asked > stopAfter
    }
    let run = RunFolder(folder, stage: .autoencoder)
    return try TrainingLoop(folder: run, options: options, limits: limits) { report in
      if case .note(let text) = report { note(text) }
    }.run(&stage)
  }

  static var options: LoopOptions {
    var options = LoopOptions()
    options.checkpointEvery = 2
    options.validateEvery = 6
    options.logEvery = 4
    return options
  }

  static var resuming: LoopOptions {
    var options = options
    options.resume = true
    return options
  }
}

/// A folder of its own for each test, gone afterwards.
func withTemporaryFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-training-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
