import DICOMFiles
import Foundation
import ImageFiles

/// Decodes whatever a source may hold: PNG, JPEG and DICOM, told apart by their bytes.
enum RadiographDecoding {
  /// The image's grey values, brighter where greater. DICOM comes through its modality and VOI transformations, with
  /// padding as dark as the darkest of the image; colour of PNG and JPEG becomes luminance.
  ///
  /// - Throws: `ImageFileError`, `DICOMError`.
  static func plane(_ data: Data, limits: ImageLimits) throws -> GrayPlane {
    if DICOMFile.isDICOM(data) { return try DICOMFile(data, limits: limits).pixels().plane }
    return try data.withUnsafeBytes { GrayPlane(try DecodedImage(decoding: $0, limits: limits)) }
  }
}
