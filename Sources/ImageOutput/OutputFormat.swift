import DICOMFiles
import Foundation
import ImageFiles

/// A format that drawn images are written in.
public enum OutputFormat: String, Sendable, CaseIterable {
  case png
  case jpeg
  /// Secondary Capture (PS3.3, A.8).
  case dicom

  /// By a file name's extension, with or without the dot, in any case.
  public init?(pathExtension: String) {
    switch pathExtension.lowercased().drop(while: { $0 == "." }) {
    case "png": self = .png
    case "jpg", "jpeg", "jpe": self = .jpeg
    case "dcm", "dicom": self = .dicom
    default: return nil
    }
  }

  /// By a file's first bytes, whatever its name says.
  public init?(detecting bytes: [UInt8]) {
    switch bytes.withUnsafeBytes({ ImageFormat(detecting: $0) }) {
    case .png: self = .png
    case .jpeg: self = .jpeg
    // Last, since it may open DCMTK.
    case nil where DICOMFile.isDICOM(Data(bytes.prefix(132))): self = .dicom
    case nil: return nil
    }
  }

  /// The picture in a file's bytes, of several frames the first.
  ///
  /// - Throws: `ImageFileError` or `DICOMError` for what is no picture.
  public static func picture(in bytes: [UInt8], limits: ImageLimits = .standard) throws -> GrayscaleImage {
    guard OutputFormat(detecting: bytes) == .dicom else { return try GrayscaleImage(decoding: bytes, limits: limits) }
    return try DICOMFile(Data(bytes), limits: limits).pixels().grayscale
  }

  /// The usual extension of a file, without the dot.
  public var pathExtension: String {
    switch self {
    case .png: "png"
    case .jpeg: "jpg"
    case .dicom: "dcm"
    }
  }

  /// As HTTP's `Content-Type` names it.
  public var mediaType: String {
    switch self {
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    case .dicom: "application/dicom"
    }
  }
}
