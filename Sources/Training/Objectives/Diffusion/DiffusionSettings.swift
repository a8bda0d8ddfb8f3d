import Diffusion
import Models
import RadiographData

/// How the diffusion model is trained on a frozen autoencoder's latents.
public struct DiffusionSettings: RepeatedImages {
  /// The folder of a model, or of a run with a trained diffusion model, whose weights training begins with; empty for fresh
  /// ones.
  public var startsFrom = ""
  /// The text encoder, frozen.
  public var textEncoder = "all-MiniLM-L6-v2"
  public var scheduler = SchedulerConfiguration.ddpmLinear
  public var times = TimeDistribution.uniform
  public var weighting = LossWeighting.uniform
  /// How much the target of another image counts against that of each image's own, 0 ..< 1 (Stoica et al., 2025); 0 is
  /// off, 0.05 the paper's.
  public var contrastiveWeight = 0.0
  /// The share of texts that are replaced by the null condition.
  public var promptDropout = 0.1
  /// Texts for each image; an image without a report gets them from the grammar.
  public var promptsPerImage = 1
  public var sourceRepeats: [String: Int] = [:]
  public var sidedRepeats = 1
  public var maximumShift = 0

  public static let stage = TrainingStageName.diffusion
  public static let validationLimit = 256

  public init() {}

  public var fewestImages: FewestImages {
    FewestImages(
      inStep: contrastiveWeight > 0 ? 2 : 1, reason: "contrastiveWeight sets the images of a step against each other")
  }

  public func validate() throws {
    try RecipeCheck.require(promptsPerImage, in: 1...64, "promptsPerImage")
    try RecipeCheck.requireFraction(promptDropout, "promptDropout")
    try RecipeCheck.requireFraction(contrastiveWeight, "contrastiveWeight")
    try validateRepeats()
    try scheduler.validate()
    try requirePossible()
  }
}

public typealias DiffusionRecipe = StageRecipe<DiffusionSettings>
