import ImageFiles
import Support
import TorchNN

/// Features of an image that need no network: its thumbnail along the ``PrincipalComponents`` of other thumbnails.
///
/// Images are squares whose side is a multiple of the thumbnail's.
public struct ThumbnailExtractor: FeatureExtractor {
  public let name = "thumbnails"
  public let hash: String
  public let width: Int
  public let classes: Int? = nil
  public let preprocessing: String
  public var preparation: any InputPreparation { Preparation() }
  private let components: PrincipalComponents

  /// Width and height of a thumbnail.
  public static let side = 32
  /// The number of directions if nothing else is given.
  public static let standardComponents = 32

  /// - Parameters:
  ///   - images: The images whose thumbnails set the directions.
  ///   - imageSide: Their width and height.
  ///   - components: The number of directions.
  /// - Throws: ``MeasurementError/sizes(path:name:width:height:expected:)``, ``MetricError`` for too few images; what
  ///   reading an image throws.
  public init(directionsOf images: any ImageSet, imageSide: Int, components: Int = standardComponents) throws {
    self.components = try PrincipalComponents(
      images.thumbnails(size: Self.side, side: imageSide).features, count: components)
    width = components
    // The directions follow from the images, and are the same on every machine but for rounding.
    hash = ContentHash.of(parts: [images.contentHash, "\(imageSide)", "\(Self.side)", "\(components)"])
    preprocessing =
      "thumbnails of \(Self.side)x\(Self.side) in the first \(components) principal components of \(images.count) images"
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    let pixels = try FeatureMatrix(
      inputs.flatMap { $0.values.map(Double.init) }, rows: inputs.count, columns: Self.side * Self.side)
    return ExtractorOutputs(features: try components.project(pixels), logits: nil)
  }

  private struct Preparation: InputPreparation {
    func input(from image: GrayscaleImage) throws -> NetworkInput {
      let thumbnail = try GrayImages([image]).thumbnails(size: ThumbnailExtractor.side)
      return NetworkInput(width: thumbnail.width, height: thumbnail.height, values: thumbnail.pixels)
    }
  }
}

/// An image's power in eight bands of equal width up to 0.5 cycles a pixel, not in dB: the mean over images is the power of
/// the ``PowerSpectrum`` of the set.
public struct SpectrumExtractor: FeatureExtractor {
  public let name = "power spectrum"
  /// There are no weights.
  public let hash = "power spectrum"
  public let width = 8
  public let classes: Int? = nil
  public let preprocessing = "grey values 0 to 1 without their mean, power in 8 equal bands to 0.5 cycles a pixel"
  public var preparation: any InputPreparation { Preparation() }

  public init() {}

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    let powers = try inputs.flatMap { input in
      let image = try GrayImages(pixels: input.values, count: 1, height: input.height, width: input.width)
      return try PowerSpectrum(image, edges: FourierPlane.equalBands(width)).powers
    }
    return ExtractorOutputs(features: try FeatureMatrix(powers, rows: inputs.count, columns: width), logits: nil)
  }

  private struct Preparation: InputPreparation {
    func input(from image: GrayscaleImage) throws -> NetworkInput { NetworkInput(GrayPlane(image)) { $0 / 255 } }
  }
}
