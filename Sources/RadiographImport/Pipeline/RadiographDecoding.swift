import DICOMFiles
import Foundation
import ImageFiles

/// A file that a source holds, PNG, JPEG or DICOM, told apart by their bytes: decoded, and prepared for a dataset.
struct RadiographDecoding {
  /// The square that a dataset stores.
  let image: GrayscaleImage
  /// The sides of the image in its file, the right way up.
  let originalWidth: Int
  let originalHeight: Int

  /// DICOM comes through its modality and VOI transformations, with padding as dark as the darkest of the image.
  ///
  /// - Throws: `ImageFileError`, `DICOMError`.
  init(_ data: Data, _ preprocessing: ImagePreprocessing, limits: ImageLimits = .standard) throws {
    if DICOMFile.isDICOM(data) {
      let pixels = try DICOMFile(data, limits: limits).pixels()
      (image, originalWidth, originalHeight) = (try preprocessing(pixels), pixels.width, pixels.height)
    } else {
      let prepared = try data.withUnsafeBytes { try preprocessing(decoding: $0, limits: limits) }
      (image, originalWidth, originalHeight) = (prepared.image, prepared.originalWidth, prepared.originalHeight)
    }
  }
}
