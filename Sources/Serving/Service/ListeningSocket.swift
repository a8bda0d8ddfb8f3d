import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The place of a socket in the file system.
enum ListeningSocket {
  /// The most bytes of a socket's path, with the zero behind it, that the system takes.
  static let pathLimit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// Makes room for a socket: what a service that has ended left is removed.
  ///
  /// - Throws: ``ServingError`` if a service listens there, or something else is in the way.
  static func prepare(_ path: String) throws(ServingError) {
    guard !path.isEmpty, path.utf8.count <= pathLimit else { throw .socketTooLong(path: path, limit: pathLimit) }
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
    if isAnswered(path) { throw .addressInUse(address: path) }
    unlink(path)
  }

  /// Whether a process listens at a socket.
  static func isAnswered(_ path: String) -> Bool {
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(pathLimit)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}
