import Torch
import TorchNN

/// The settings that the recipes of all stages share. In a file their keys stand beside the stage's own.
///
/// The values here are the plainest ones: recipes name what they have else, and a run that was begun before a setting
/// came goes on without it.
public struct CommonSettings: Codable, Sendable, Equatable {
  /// The architecture's name: `small`, `paper` or `released`.
  public var preset = "small"
  public var steps = 1000
  /// How many images are computed at once.
  public var batchSize = 16
  /// Batches whose gradients are added up before a step.
  public var accumulation = 1
  public var learningRate = 1e-4
  public var finalLearningRate = 0.0
  public var warmupSteps = 0
  public var beta2 = 0.999
  public var weightDecay = 0.01
  /// The largest norm of all gradients together; 0 clips nothing.
  public var gradientClip = 1.0
  public var emaDecay = 0.999
  /// The precision of convolutions and products: `float32`, or `bfloat16` where the processor computes with it.
  public var precision = DType.float32
  public var seed: UInt64 = 0
  public var cadence = Cadence()

  public init() {}

  /// How many images a step sees.
  var imagesPerStep: Int { batchSize * accumulation }

  var learningRates: LearningRateSchedule {
    .cosine(peak: learningRate, floor: finalLearningRate, warmup: warmupSteps, total: steps)
  }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validate() throws {
    let counts: [(String, Int, ClosedRange<Int>)] = [
      ("steps", steps, 1...100_000_000), ("batchSize", batchSize, 1...4096), ("accumulation", accumulation, 1...4096),
      ("warmupSteps", warmupSteps, 0...steps),
    ]
    for (key, value, range) in counts { try RecipeCheck.require(value, in: range, key) }
    for (key, value) in [
      ("learningRate", learningRate), ("finalLearningRate", finalLearningRate), ("weightDecay", weightDecay),
      ("gradientClip", gradientClip),
    ] { try RecipeCheck.requireSize(value, key) }
    for (key, value) in [("emaDecay", emaDecay), ("beta2", beta2)] { try RecipeCheck.requireFraction(value, key) }
    try cadence.check()
  }

  /// Holds a run that begins to the precisions that training works in. In float16 small gradients become zero and large
  /// ones infinite unless losses are scaled, which they are not.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validatePrecision() throws {
    guard precision != .float32, precision != .bfloat16 else { return }
    throw TrainingError.invalidSetting(
      key: "precision", value: precision.rawValue,
      remedy: "train in bfloat16 (--precision bf16) or float32 (--precision fp32)")
  }
}

/// How often a run does what is not a step, in steps.
public struct Cadence: Codable, Sendable, Equatable {
  /// Writes a row of what was measured.
  public var log = 20
  /// Measures the averaged weights on the validation part, and draws pictures.
  public var validate = 500
  /// Stores a checkpoint.
  public var checkpoint = 500
  /// How many checkpoints stay, besides the best weights.
  public var keep = 2

  public init() {}

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func check() throws {
    for (key, value) in [("log", log), ("validate", validate), ("checkpoint", checkpoint), ("keep", keep)] {
      try RecipeCheck.require(value, in: 1...100_000_000, "cadence.\(key)")
    }
  }
}
