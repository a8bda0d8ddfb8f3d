import RadiographModels
import Torch
import TorchNN

/// The settings that the recipes of all stages share. In a file their keys stand beside the stage's own.
///
/// The values here are the plainest ones: recipes name every other value, and a run that was begun before a setting was
/// added goes on with its plainest value.
public struct CommonSettings: Codable, Sendable, Equatable {
  /// The architecture's name: `small`, `paper` or `released`.
  public var preset = "small"
  /// An architecture instead of a named one: in full, or the name of a file that holds it.
  public var architecture: ModelArchitecture?
  public var steps = 1000
  /// How many images are computed at once.
  public var batchSize = 16
  /// Batches whose gradients are added up before a step.
  public var accumulation = 1
  public var learningRate = 1e-4
  public var finalLearningRate = 0.0
  public var warmupSteps = 0
  public var optimizer = OptimizerKind.adamW
  /// What the learning rate is multiplied by for the weights that Muon moves.
  public var muonRateFactor = 1.0
  public var beta2 = 0.999
  public var weightDecay = 0.01
  /// The largest norm of all gradients together; 0 clips nothing.
  public var gradientClip = 1.0
  /// Of the exponential average, which validation looks at and `thorax export` writes.
  public var emaDecay = 0.999
  /// Widths of power-function averages that are followed beside it, as shares of the run's length, from whose snapshots
  /// `thorax export --ema-width` makes an average of any width (Karras et al., 2024): 0.05 and 0.10 are usual.
  public var averageWidths: [Double] = []
  /// Whether averages are kept in the main memory instead of the device's.
  public var averagesOnCPU = false
  /// Whether the optimiser's state is kept in the main memory instead of the device's.
  public var optimizerOnCPU = false
  /// Which blocks of the networks are computed again in the backward pass, to save memory.
  public var checkpointing = CheckpointingPolicy.none
  /// The precision of convolutions and products: `float32`, `bfloat16`, or `float16` with a scaled loss.
  public var precision = DType.float32
  public var seed: UInt64 = 0
  public var cadence = Cadence()

  public init() {}

  /// How many images a step sees.
  var imagesPerStep: Int { batchSize * accumulation }

  var learningRates: LearningRateSchedule {
    .cosine(peak: learningRate, floor: finalLearningRate, warmup: warmupSteps, total: steps)
  }

  /// The networks that are trained.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for a preset that is not known.
  func modelArchitecture() throws -> ModelArchitecture {
    if let architecture { return architecture }
    guard let known = ModelPreset(rawValue: preset) else {
      let names = ModelPreset.allCases.map(\.rawValue).joined(separator: ", ")
      throw TrainingError.invalidSetting(key: "preset", value: preset, remedy: "choose one of \(names)")
    }
    return known.architecture
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
      ("gradientClip", gradientClip), ("muonRateFactor", muonRateFactor),
    ] { try RecipeCheck.requireSize(value, key) }
    for (key, value) in [("emaDecay", emaDecay), ("beta2", beta2)] { try RecipeCheck.requireFraction(value, key) }
    guard optimizer == .adamW || !optimizerOnCPU else {
      throw TrainingError.invalidSetting(
        key: "optimizerOnCPU", value: "true", remedy: "leave it out with muon, whose state stays on the device")
    }
    for width in averageWidths where !(0.01...0.25).contains(width) {
      throw TrainingError.invalidSetting(
        key: "averageWidths", value: "\(width)", remedy: "give shares of the run from 0.01 to 0.25")
    }
    guard Set(averageWidths).count == averageWidths.count, averageWidths.count <= 4 else {
      throw TrainingError.invalidSetting(
        key: "averageWidths", value: "\(averageWidths)", remedy: "give at most 4 widths, each once")
    }
    guard [DType.float32, .bfloat16, .float16].contains(precision) else {
      throw TrainingError.invalidSetting(
        key: "precision", value: precision.rawValue, remedy: "choose one of float32, bfloat16, float16")
    }
    try cadence.check()
  }
}

/// What moves the weights.
public enum OptimizerKind: String, Codable, CaseIterable, Sendable {
  case adamW
  /// Muon for convolutions and matrices inside the networks, AdamW for all else.
  case muon
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
  /// Stores a snapshot of the averages of `averageWidths`, if there are any.
  public var snapshot = 500

  public init() {}

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func check() throws {
    for (key, value) in [
      ("log", log), ("validate", validate), ("checkpoint", checkpoint), ("keep", keep), ("snapshot", snapshot),
    ] {
      try RecipeCheck.require(value, in: 1...100_000_000, "cadence.\(key)")
    }
  }
}
