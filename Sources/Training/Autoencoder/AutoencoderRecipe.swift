import RadiographModels
import Torch
import TorchNN

/// How an autoencoder is trained: loss = reconstruction + `ssimWeight` (1 - SSIM) + `klWeight` KL.
public struct AutoencoderRecipe: Codable, Sendable, Equatable {
  public enum Reconstruction: String, Codable, CaseIterable, Sendable {
    /// Mean absolute error.
    case l1
    /// Mean squared error.
    case mse
  }

  /// The architecture's name: `small`, `paper` or `released`.
  public var preset: String
  public var steps: Int
  public var batchSize: Int
  /// The side of the random crops that a step sees, in pixels; the whole image when it is as large.
  public var cropSize: Int
  public var reconstruction: Reconstruction
  public var ssimWeight: Double
  /// KL is averaged over the elements of the latent.
  public var klWeight: Double
  public var learningRate: Double
  public var finalLearningRate: Double
  public var warmupSteps: Int
  public var beta2: Double
  public var weightDecay: Double
  public var gradientClip: Double
  public var emaDecay: Double
  /// Whether half of the crops are mirrored: an autoencoder must not know left from right.
  public var mirror: Bool
  /// The precision of convolutions: `float32`, or `bfloat16` where the processor computes with it.
  public var precision: DType
  public var seed: UInt64

  /// The recipe of the model that ships.
  public static let small = AutoencoderRecipe(
    preset: "small", steps: 2200, batchSize: 16, cropSize: 96, reconstruction: .l1, ssimWeight: 0.1, klWeight: 1e-4,
    learningRate: 1e-3, finalLearningRate: 1e-5, warmupSteps: 100, beta2: 0.99, weightDecay: 0.01, gradientClip: 1,
    emaDecay: 0.999, mirror: true, precision: .bfloat16, seed: 0)

  /// The article's (3.3.1): mean squared error + 1e-4 KL, AdamW 1e-4 with cosine, batch 32, whole images; 200 epochs
  /// of its 2,311 training images are 14,600 steps.
  public static let paper = AutoencoderRecipe(
    preset: "paper", steps: 14_600, batchSize: 32, cropSize: 256, reconstruction: .mse, ssimWeight: 0, klWeight: 1e-4,
    learningRate: 1e-4, finalLearningRate: 0, warmupSteps: 0, beta2: 0.999, weightDecay: 0.01, gradientClip: 1,
    emaDecay: 0.999, mirror: false, precision: .bfloat16, seed: 0)

  var learningRates: LearningRateSchedule {
    .cosine(peak: learningRate, floor: finalLearningRate, warmup: warmupSteps, total: steps)
  }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validate() throws {
    try RecipeCheck.require(steps, in: 1...100_000_000, "steps")
    try RecipeCheck.require(batchSize, in: 1...4096, "batchSize")
    try RecipeCheck.require(cropSize, in: 16...4096, "cropSize")
    try RecipeCheck.require(warmupSteps, in: 0...steps, "warmupSteps")
    for (key, value) in [
      ("ssimWeight", ssimWeight), ("klWeight", klWeight), ("learningRate", learningRate),
      ("finalLearningRate", finalLearningRate), ("weightDecay", weightDecay), ("gradientClip", gradientClip),
    ] { try RecipeCheck.requireSize(value, key) }
    try RecipeCheck.requireFraction(emaDecay, "emaDecay")
    try RecipeCheck.requireFraction(beta2, "beta2")
  }
}
