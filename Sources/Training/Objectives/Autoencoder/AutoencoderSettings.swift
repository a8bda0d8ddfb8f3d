import Models

/// How an autoencoder is trained: loss = reconstruction + `ssimWeight` (1 - SSIM) + `klWeight` KL, and what else has a
/// weight.
public struct AutoencoderSettings: StageSettings {
  public enum Reconstruction: String, Codable, CaseIterable, Sendable {
    /// Mean absolute error.
    case l1
    /// Mean squared error.
    case mse
  }

  /// The side of the random crops that a step sees, in pixels; the whole image when it is as large.
  public var cropSize = 256
  public var reconstruction = Reconstruction.mse
  public var ssimWeight = 0.0
  /// The weight of the distance in bands of spatial frequency (``SpectrumDistance``), so that decoded images are as sharp as
  /// their originals; 0 is off.
  public var spectrumWeight = 0.0
  /// KL is averaged over the elements of the latent.
  public var klWeight = 1e-4
  /// Over how many steps the weight of KL grows from 0 to `klWeight`, linearly; 0 for all of it from the start.
  public var klWarmupSteps = 0
  /// The weight of the loss by which a scaled and turned latent has to decode to the image scaled and turned alike
  /// (Kouzelis et al., 2025, "EQ-VAE"); 0 is off.
  public var equivarianceWeight = 0.0
  /// The least scale that is drawn for it; the greatest is 1.
  public var equivarianceScale = 0.25
  /// The weight of the distance in the features of `perceptualNetwork`; 0 is off.
  public var perceptualWeight = 0.0
  /// The network whose features images are compared by: a classifier's file, as `thorax train classifier` writes it, or
  /// `decoder` for the autoencoder's own decoder.
  public var perceptualNetwork = Self.ownDecoder
  /// The weight of the loss by a discriminator of patches, which is to take decoded images for real ones (Isola et al.,
  /// 2017); 0 is off.
  public var adversarialWeight = 0.0
  /// The first step, counted from 0, in which the discriminator is trained and its loss counts.
  public var adversarialStart = 0
  /// The channels of the discriminator's first layer.
  public var discriminatorWidth = 64
  /// How often the discriminator halves the image.
  public var discriminatorLayers = 3
  /// The folder of a model, or of a run with a trained autoencoder, whose weights training begins with; empty for fresh ones.
  public var startsFrom = ""
  /// Whether the encoder of `startsFrom` stays as it is and the decoder alone is trained, so that what was trained on its
  /// latents goes on fitting.
  public var keepsEncoder = false
  /// Whether half of the crops are mirrored: an autoencoder has to treat left and right alike.
  public var mirror = false

  static let ownDecoder = "decoder"
  public static let stage = TrainingStageName.autoencoder
  public static let validationLimit = 64

  public init() {}

  public func validate() throws {
    try RecipeCheck.require(cropSize, in: 16...4096, "cropSize")
    for (key, value) in [
      ("ssimWeight", ssimWeight), ("spectrumWeight", spectrumWeight), ("klWeight", klWeight),
      ("equivarianceWeight", equivarianceWeight),
      ("perceptualWeight", perceptualWeight), ("adversarialWeight", adversarialWeight),
    ] { try RecipeCheck.requireSize(value, key) }
    for (key, value, range) in [
      ("klWarmupSteps", klWarmupSteps, 0...100_000_000), ("adversarialStart", adversarialStart, 0...100_000_000),
      ("discriminatorWidth", discriminatorWidth, 8...1024), ("discriminatorLayers", discriminatorLayers, 1...5),
    ] { try RecipeCheck.require(value, in: range, key) }
    guard !keepsEncoder || !startsFrom.isEmpty else {
      throw TrainingError.invalidSetting(
        key: "keepsEncoder", value: "true", remedy: "name the model or run that the encoder is of: --set startsFrom=RUN"
      )
    }
    guard (0.05...1).contains(equivarianceScale) else {
      throw TrainingError.invalidSetting(
        key: "equivarianceScale", value: "\(equivarianceScale)", remedy: "give a number from 0.05 to 1")
    }
  }
}

public typealias AutoencoderRecipe = StageRecipe<AutoencoderSettings>
