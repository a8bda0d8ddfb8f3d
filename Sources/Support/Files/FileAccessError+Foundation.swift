import Foundation

extension FileAccessError {
  /// Says what an error of Foundation's file functions means: the system's code that lies under it.
  public init(path: String, operation: Operation, error: any Error) {
    let outer = error as NSError
    let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
    if inner.domain == NSPOSIXErrorDomain {
      self.init(path: path, operation: operation, code: Int32(clamping: inner.code))
      return
    }
    let reason: Reason =
      switch CocoaError.Code(rawValue: outer.code) {
      case .fileNoSuchFile, .fileReadNoSuchFile: operation == .read ? .notFound : .folderNotFound
      case .fileReadNoPermission, .fileWriteNoPermission: .permissionDenied
      case .fileWriteFileExists: .alreadyExists
      case .fileWriteOutOfSpace: .diskFull
      case .fileWriteVolumeReadOnly: .readOnlyFileSystem
      case .fileReadInvalidFileName, .fileWriteInvalidFileName: .invalidPath
      default: .system(code: EIO)
      }
    self.init(path: path, operation: operation, reason: reason)
  }
}
