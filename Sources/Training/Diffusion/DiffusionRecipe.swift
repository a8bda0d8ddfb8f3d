import Diffusion
import RadiographModels
import Torch
import TorchNN

/// How the diffusion model is trained on a frozen autoencoder's latents.
public struct DiffusionRecipe: Codable, Sendable, Equatable {
  /// The architecture's name: `small`, `paper` or `released`.
  public var preset: String
  /// The text encoder, frozen.
  public var textEncoder: String
  public var scheduler: SchedulerConfiguration
  public var times: TimeDistribution
  public var weighting: LossWeighting
  public var steps: Int
  public var batchSize: Int
  /// Batches whose gradients are added up before a step.
  public var accumulation: Int
  public var learningRate: Double
  public var finalLearningRate: Double
  public var warmupSteps: Int
  public var beta2: Double
  public var weightDecay: Double
  public var gradientClip: Double
  public var emaDecay: Double
  /// The share of texts that are replaced by the null condition.
  public var promptDropout: Double
  /// Texts for each image; an image without a report gets them from the grammar.
  public var promptsPerImage: Int
  /// How often the images of a source are seen in an epoch, by its name; once where it is not named. The first time
  /// an image is as it is, the other times it is moved by a few pixels.
  public var sourceRepeats: [String: Int]
  /// How far an image is moved at most, in pixels.
  public var maximumShift: Int
  /// The precision of convolutions and products: `float32`, or `bfloat16` where the processor computes with it.
  public var precision: DType
  public var seed: UInt64

  /// The recipe of the model that ships.
  public static let small = DiffusionRecipe(
    preset: "small", textEncoder: "all-MiniLM-L6-v2", scheduler: .rectifiedFlow, times: .logitNormal(),
    weighting: .uniform, steps: 4800, batchSize: 32, accumulation: 1, learningRate: 6e-4, finalLearningRate: 1e-5,
    warmupSteps: 200, beta2: 0.99, weightDecay: 0.01, gradientClip: 1, emaDecay: 0.999, promptDropout: 0.1,
    promptsPerImage: 6, sourceRepeats: ["nih": 4], maximumShift: 8, precision: .bfloat16, seed: 0)

  /// The article's (3.3.2): batch 4 x 4 accumulation, 1e-4 falling to 4.62e-5 along a cosine, 10 % null conditions,
  /// T = 1000 with linear betas; 480 epochs of its 2,311 training images are 69,330 steps.
  public static let paper = DiffusionRecipe(
    preset: "paper", textEncoder: "dmis-lab/biobert-base-cased-v1.1", scheduler: .ddpmLinear, times: .uniform,
    weighting: .uniform, steps: 69_330, batchSize: 4, accumulation: 4, learningRate: 1e-4, finalLearningRate: 4.62e-5,
    warmupSteps: 0, beta2: 0.999, weightDecay: 0.01, gradientClip: 1, emaDecay: 0.999, promptDropout: 0.1,
    promptsPerImage: 1, sourceRepeats: [:], maximumShift: 0, precision: .bfloat16,
    seed: 0)

  var learningRates: LearningRateSchedule {
    .cosine(peak: learningRate, floor: finalLearningRate, warmup: warmupSteps, total: steps)
  }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validate() throws {
    let counts: [(String, Int, ClosedRange<Int>)] = [
      ("steps", steps, 1...100_000_000), ("batchSize", batchSize, 1...4096), ("accumulation", accumulation, 1...4096),
      ("warmupSteps", warmupSteps, 0...steps), ("promptsPerImage", promptsPerImage, 1...64),
      ("maximumShift", maximumShift, 0...64),
    ]
    for (key, value, range) in counts { try RecipeCheck.require(value, in: range, key) }
    for (key, value) in [
      ("learningRate", learningRate), ("finalLearningRate", finalLearningRate), ("weightDecay", weightDecay),
      ("gradientClip", gradientClip),
    ] { try RecipeCheck.requireSize(value, key) }
    for (key, value) in [("emaDecay", emaDecay), ("beta2", beta2), ("promptDropout", promptDropout)] {
      try RecipeCheck.requireFraction(value, key)
    }
    for (source, count) in sourceRepeats { try RecipeCheck.require(count, in: 1...1000, "sourceRepeats.\(source)") }
    try scheduler.validate()
  }
}
