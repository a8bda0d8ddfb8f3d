import ImageFiles
import ImageOutput
import Models

/// How an image is drawn; nil for the model's own.
public struct DrawSettings: Sendable, Equatable {
  public var steps: Int?
  public var guidance: Double?

  public init(steps: Int? = nil, guidance: Double? = nil) {
    self.steps = steps
    self.guidance = guidance
  }
}

/// A model that draws images, as evaluation sees it.
public protocol ImageGenerator: Sendable {
  var description: ModelDescription { get }
  /// SHA-256 of the model.
  var hash: String { get }
  /// Bytes of the model on disk, without the text encoder.
  var byteCount: Int { get }

  /// The image of a prompt and a seed.
  ///
  /// - Throws: What drawing throws.
  func draw(_ prompt: String, seed: UInt64, settings: DrawSettings) async throws -> SyntheticImage

  /// What the autoencoder keeps of an image.
  ///
  /// - Throws: `ModelError` for an image of another size than the model's.
  func reconstruct(_ image: GrayscaleImage) async throws -> GrayscaleImage

  /// The mean of an image's latent, averaged over squares so that at most `side` x `side` places remain.
  ///
  /// - Throws: As ``reconstruct(_:)``.
  func latent(of image: GrayscaleImage, side: Int) async throws -> [Float]
}

extension ImageGenerator {
  /// Refuses a dataset whose images are not of the model's size.
  ///
  /// - Throws: ``MeasurementError/imageSize(dataset:model:)``.
  func require(imageSize: Int) throws(MeasurementError) {
    let size = description.architecture.imageSide
    guard imageSize == size else { throw .imageSize(dataset: imageSize, model: size) }
  }
}
