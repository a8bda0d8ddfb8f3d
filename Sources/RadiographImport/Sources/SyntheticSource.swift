import Foundation
import ImageFiles
import RadiographData
import Support

/// Drawn images as a source for the training part of a dataset, beside the radiographs that are there.
public enum SyntheticSource {
  /// Its name in the dataset.
  public static let name = "synthetic images"
  private static let kind = "synthetic"

  /// How they are imported, which others of their kind are not.
  public static var options: DatasetImport.Options {
    var options = DatasetImport.Options()
    options.allowsSynthetic = true
    return options
  }

  /// A drawn image, of the dataset's size.
  public struct Image: Sendable {
    /// Unique in the source.
    public var path: String
    /// What is known of its findings.
    public var labels: [String: LabelState]
    /// Returns the same pixels each time; called on any thread.
    public var load: @Sendable () throws -> GrayscaleImage

    public init(path: String, labels: [String: LabelState], load: @escaping @Sendable () throws -> GrayscaleImage) {
      (self.path, self.labels, self.load) = (path, labels, load)
    }
  }

  /// Images that stand in no relation to one another: each shows a person of its own.
  ///
  /// - Parameter dataset: The dataset that they are to stand in.
  /// - Throws: `DatasetError` if it cannot be read.
  public static func list(_ images: [Image], beside dataset: RadiographDataset) throws(DatasetError) -> ImportSource {
    // Phantoms are drawn as well, and what is learned from them stays among drawn images.
    let isOfPhantoms = try dataset.summary().sources.contains { $0.kind == PhantomSource.kind }
    return ImportSource(
      name: name, kind: isOfPhantoms ? PhantomSource.kind : kind, licence: "that of the model",
      attribution: "drawn by a model", vocabulary: [], root: nil,
      entries: images.map { image in
        ImportEntry(
          path: image.path, pixels: DrawnPixels(load: image.load), patient: image.path, study: image.path,
          attributes: RadiographAttributes(labels: image.labels), sections: [], split: .train)
      }, exclusions: [])
  }
}

/// Pixels that are stored as they are: a model has learned from prepared images, and what it draws is prepared.
struct DrawnPixels: ImportPixels {
  let load: @Sendable () throws -> GrayscaleImage

  /// - Throws: What loading throws; `ImageFileError` for an image that cannot be brought to the dataset's size.
  func image(_ preprocessing: ImagePreprocessing, limits: ImageLimits) throws -> ImportedImage {
    let drawn = try load()
    let side = preprocessing.size
    let stored =
      drawn.width == side && drawn.height == side
      ? drawn : try ImagePreprocessing(size: side, intensity: .none)(GrayPlane(drawn))
    return ImportedImage(
      PreparedImage(image: stored, originalWidth: drawn.width, originalHeight: drawn.height),
      contentHash: ContentHash.of(drawn.pixels), isSynthetic: true)
  }
}
