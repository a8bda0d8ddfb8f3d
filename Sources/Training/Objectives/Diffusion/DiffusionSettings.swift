import Diffusion
import Models
import RadiographData

/// How the diffusion model is trained on a frozen autoencoder's latents.
public struct DiffusionSettings: StageSettings {
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
  /// How often the images of a source are seen in an epoch, by its name; once where it is not named. The first time
  /// an image is as it is, the other times it is moved by a few pixels.
  public var sourceRepeats: [String: Int] = [:]
  /// How often an image is seen in an epoch in which a finding was marked on one side, so that sides are learnt; of this
  /// and its source's number the greater counts.
  public var sidedRepeats = 1
  /// How far an image is moved at most, in pixels.
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
    try RecipeCheck.require(maximumShift, in: 0...64, "maximumShift")
    try RecipeCheck.requireFraction(promptDropout, "promptDropout")
    try RecipeCheck.requireFraction(contrastiveWeight, "contrastiveWeight")
    try RecipeCheck.require(sidedRepeats, in: 1...1000, "sidedRepeats")
    for (source, count) in sourceRepeats { try RecipeCheck.require(count, in: 1...1000, "sourceRepeats.\(source)") }
    try scheduler.validate()
    try requirePossible()
  }

  /// How often an epoch of the training sees an image.
  func repeats(source: String, findings: [ImageFinding]) -> Int {
    max(sourceRepeats[source] ?? 1, findings.contains { $0.side != nil } ? sidedRepeats : 1)
  }

  /// What the recipes that come with the program say of a source is for datasets that have it.
  public func requireNames(in dataset: RadiographDataset) throws {
    guard !sourceRepeats.isEmpty else { return }
    let sources = try dataset.sourceNames()
    let shipped = try RecipeCatalog.names.map { (try RecipeCatalog.recipe($0) as DiffusionRecipe).sourceRepeats }
    for (name, count) in sourceRepeats.sorted(by: { $0.key < $1.key }) {
      guard !sources.contains(name), !shipped.contains(where: { $0[name] == count }) else { continue }
      throw TrainingError.unknownName(
        key: "sourceRepeats", name: name, path: dataset.url.path, known: sources.sorted())
    }
  }
}

public typealias DiffusionRecipe = StageRecipe<DiffusionSettings>
