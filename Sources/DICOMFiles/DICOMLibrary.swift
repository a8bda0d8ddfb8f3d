import CDICOM
import Foundation
import Support

/// The library that holds DCMTK, OpenJPEG and CharLS: opened once, when the first DICOM file is read, written or sent.
package enum DICOMLibrary {
  /// Opens the library if nothing has yet: for work on many files, which is to end at once if it is missing.
  ///
  /// - Throws: ``DICOMError/libraryUnavailable(reason:)``.
  package static func load() throws(DICOMError) { _ = try functions() }

  /// - Throws: ``DICOMError/libraryUnavailable(reason:)``, then and at every later call.
  package static func functions() throws(DICOMError) -> cdicom_functions { try opened.get().functions }

  /// Immutable after loading, hence safe to share.
  private struct Opened: @unchecked Sendable {
    var functions: cdicom_functions
  }

  private static let opened: Result<Opened, DICOMError> = {
    var message: UnsafeMutablePointer<CChar>?
    guard let functions = cdicom_load(ProgramLibrary.path("cdicom"), &message) else {
      defer { free(message) }
      return .failure(.libraryUnavailable(reason: message.map { String(cString: $0) } ?? "unknown reason"))
    }
    return .success(Opened(functions: functions.pointee))
  }()
}
