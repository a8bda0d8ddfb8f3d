import Models
import RadiographData
import RadiographModels

/// How a network learns to recognise patients: a cross entropy over the patients of a batch, two images of each (NT-Xent:
/// Chen et al., 2020, "A Simple Framework for Contrastive Learning", equation 1).
public struct ReidentifierSettings: StageSettings {
  /// The side that images are brought to.
  public var imageSide = 64
  /// The number of values that describe an image.
  public var embeddingWidth = 128
  /// What cosines are divided by: the smaller, the more the most similar other patients count.
  public var temperature = 0.1
  /// The greatest rotation either way, in degrees.
  public var rotation = 0.0
  /// The greatest shift either way along each axis, as a part of the side.
  public var shift = 0.0
  /// The greatest change of size either way, as a part of the size.
  public var scaling = 0.0
  /// The greatest change of contrast either way, as a part of it.
  public var contrast = 0.0

  public static let stage = TrainingStageName.reidentifier
  public static let validationLimit = 5000

  public init() {}

  public func validate() throws {
    try RecipeCheck.require(imageSide, in: ReidentifierArchitecture.sides.lowerBound...2048, "imageSide")
    try RecipeCheck.require(embeddingWidth, in: ReidentifierArchitecture.widths, "embeddingWidth")
    guard (0.01...10).contains(temperature) else {
      throw TrainingError.invalidSetting(
        key: "temperature", value: "\(temperature)", remedy: "give a number from 0.01 to 10")
    }
    try RecipeCheck.requireChanges(rotation: rotation, shift: shift, scaling: scaling, contrast: contrast)
  }

  public var fewestImages: FewestImages {
    FewestImages(atOnce: 2, reason: "a patient is told from the others of the batch")
  }

  var augmentation: ImageAugmentation {
    ImageAugmentation(
      rotation: Float(rotation), shift: Float(shift), scale: Float(scaling), contrast: Float(contrast))
  }

  var architecture: ReidentifierArchitecture { ReidentifierArchitecture(width: embeddingWidth, side: imageSide) }
}

public typealias ReidentifierRecipe = StageRecipe<ReidentifierSettings>
