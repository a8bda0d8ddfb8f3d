import Crypto
import DICOMFiles
import Foundation
import ImageFiles
import Support

/// Where the pixels of a source's image come from: a file, or a procedure that draws them.
///
/// It is called on any thread, and again after an import was interrupted; it gives the same image every time.
public protocol ImportPixels: Sendable {
  /// Makes the square that a dataset stores.
  ///
  /// - Throws: any error: the image is then listed as `unreadable`, with the error's description as the detail.
  func image(_ preprocessing: ImagePreprocessing, limits: ImageLimits) throws -> ImportedImage
}

/// An image of a source, prepared for a dataset.
public struct ImportedImage: Sendable, Equatable {
  /// `size * size` pixels of the preprocessing, and the sides of the image before it.
  public var prepared: PreparedImage
  /// SHA-256 of what the image was made of, in lower-case hexadecimal: images of one hash are copies of each other, and
  /// share their pixels.
  public var contentHash: String
  /// Whether the file says of itself that Thorax has drawn it: a model that learns from it learns from a model.
  public var isSynthetic: Bool

  public init(_ prepared: PreparedImage, contentHash: String, isSynthetic: Bool = false) {
    self.prepared = prepared
    self.contentHash = contentHash
    self.isSynthetic = isSynthetic
  }

  /// Prepares a plane that was drawn; the hash is that of its sides and values.
  ///
  /// - Throws: `ImageFileError` if a side is out of bounds.
  public init(drawn plane: GrayPlane, _ preprocessing: ImagePreprocessing) throws(ImageFileError) {
    var hash = SHA256()
    for side in [plane.width, plane.height] {
      withUnsafeBytes(of: Int64(side).littleEndian) { hash.update(bufferPointer: $0) }
    }
    plane.values.withUnsafeBytes { hash.update(bufferPointer: $0) }
    self.init(
      PreparedImage(image: try preprocessing(plane), originalWidth: plane.width, originalHeight: plane.height),
      contentHash: hash.finalize().hexadecimal)
  }
}

/// A file of a source, PNG, JPEG or DICOM.
public struct ImageFilePixels: ImportPixels, Equatable {
  public var url: URL

  public init(_ url: URL) { self.url = url }

  /// - Throws: `ImageFileError`, `DICOMError`.
  public func image(_ preprocessing: ImagePreprocessing, limits: ImageLimits) throws -> ImportedImage {
    let data = try ImageFormat.fileContents(url.path, limits: limits)
    let decoded = try RadiographDecoding(data, preprocessing, limits: limits)
    return ImportedImage(
      PreparedImage(
        image: decoded.image, originalWidth: decoded.originalWidth, originalHeight: decoded.originalHeight),
      contentHash: ContentHash.of(data), isSynthetic: Self.isSynthetic(data))
  }

  /// Whether a DICOM file, or the texts in a PNG or JPEG, say that the image was drawn.
  private static func isSynthetic(_ data: Data) -> Bool {
    if DICOMFile.isDICOM(data) { return (try? DICOMFile(data))?.attributes.isSynthetic == true }
    // Few files have the word at all, and looking for it is faster than taking a file apart.
    guard data.range(of: Data("synthetic".utf8)) != nil, let texts = try? ImageText.read(from: Array(data)) else {
      return false
    }
    return texts.contains { $0.key == "thorax:synthetic" && $0.value == "true" }
  }
}
