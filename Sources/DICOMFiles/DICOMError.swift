import ImageFiles

/// What can be wrong with a DICOM file. No description holds anything of its patient.
public enum DICOMError: Error, Sendable, Equatable {
  /// No "DICM" at byte 128, and no data set that stands without it.
  case notDICOM
  /// The bytes end inside of the header.
  case truncated
  /// The structure, a value or the codestream is damaged.
  case corrupt(detail: String)
  /// The header asks for more than the limits allow.
  case tooLarge(detail: String, limits: ImageLimits)
  /// A transfer syntax, a colour or a depth that is not read.
  case unsupported(detail: String)
  /// A report, an index, or any other object without an image.
  case noPixels
  case outOfMemory(detail: String)
  /// `libcdicom`, which holds DCMTK, cannot be opened.
  case libraryUnavailable(reason: String)
}

extension DICOMError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notDICOM:
      "not a DICOM file (no DICM at byte 128, and no data set without that preamble): give a file as the archive stores it"
    case .truncated:
      "truncated DICOM file: fetch or export it again"
    case .corrupt(let detail):
      "damaged DICOM file (\(detail)): fetch or export it again"
    case .tooLarge(let detail, let limits):
      "image too large: \(detail); at most \(limits.maximumSide) a side and \(limits.maximumPixels) in all are read: "
        + "reduce it first"
    case .unsupported(let detail):
      "unsupported kind of DICOM file (\(detail)): have the archive export it uncompressed and grey"
    case .noPixels:
      "a DICOM file without an image: leave it out"
    case .outOfMemory(let detail):
      "out of memory for an image (\(detail)): reduce it first"
    case .libraryUnavailable(let reason):
      "the library for DICOM files cannot be opened (\(reason)): build it with ./scripts/build, and keep libcdicom beside "
        + "the program"
    }
  }
}
