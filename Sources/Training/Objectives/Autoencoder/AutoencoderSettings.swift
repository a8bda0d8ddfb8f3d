import Models

/// How an autoencoder is trained: loss = reconstruction + `ssimWeight` (1 - SSIM) + `klWeight` KL.
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
  /// KL is averaged over the elements of the latent.
  public var klWeight = 1e-4
  /// Whether half of the crops are mirrored: an autoencoder must not know left from right.
  public var mirror = false

  public static let stage = TrainingStageName.autoencoder
  public static let validationLimit = 64

  public init() {}

  public func validate() throws {
    try RecipeCheck.require(cropSize, in: 16...4096, "cropSize")
    for (key, value) in [("ssimWeight", ssimWeight), ("klWeight", klWeight)] {
      try RecipeCheck.requireSize(value, key)
    }
  }
}

public typealias AutoencoderRecipe = StageRecipe<AutoencoderSettings>
