import Foundation
import NIOSSL
import Support

/// A certificate and its key as PEM files.
enum TLSFiles {
  /// Reads both: TLS 1.2 and above, no client certificates.
  ///
  /// - Throws: ``ServingError/unusableTLS(path:reason:)``; `FileAccessError` for a file that cannot be read.
  static func configuration(certificate: String, key: String) throws -> TLSConfiguration {
    let certificateBytes = try BoundedFile.contents(of: certificate, limit: 1 << 20)
    let keyBytes = try BoundedFile.contents(of: key, limit: 1 << 20)
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMBytes(Array(certificateBytes))
    } catch {
      throw ServingError.unusableTLS(path: certificate, reason: "it holds no certificate")
    }
    guard !chain.isEmpty else { throw ServingError.unusableTLS(path: certificate, reason: "it holds no certificate") }
    let privateKey: NIOSSLPrivateKey
    do {
      privateKey = try NIOSSLPrivateKey(bytes: Array(keyBytes), format: .pem)
    } catch {
      throw ServingError.unusableTLS(path: key, reason: "it holds no key without a password")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    do {
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw ServingError.unusableTLS(path: key, reason: "it is not the key of the certificate")
    }
    return configuration
  }
}
