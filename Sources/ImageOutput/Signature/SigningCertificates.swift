import Crypto
import Foundation
import Support
import SwiftASN1
import X509

/// The certificates that say whose a signing key is, the key's own first (X.509, RFC 5280).
///
/// ``init(of:name:)`` makes a chain that only those trust who were given it. A chain for the same key from an authority that
/// others trust takes its place as a file.
struct SigningCertificates: Sendable {
  /// In DER. None of a root that readers have themselves.
  let chain: [[UInt8]]

  /// What a chain takes at most as a file, so that a manifest fits one segment of JPEG.
  static let fileLimit = 48 << 10

  /// The longest name of a certificate's owner (RFC 5280, A.1, ub-common-name).
  static let nameLimit = 64

  private static let lifetime = TimeInterval(10 * 365 * 86_400)

  /// New certificates: one of an authority that signs this once, and one of the key.
  ///
  /// - Parameter name: Whose the key is, 1 to ``nameLimit`` characters.
  /// - Throws: ``SignatureError/ownerName(_:)``.
  init(of key: Curve25519.Signing.PublicKey, name: String) throws {
    guard (1...Self.nameLimit).contains(name.count), !name.contains(where: \.isNewline) else {
      throw SignatureError.ownerName(name)
    }
    let authorityKey = Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
    let authority = try DistinguishedName {
      CommonName("Thorax keys make")
      OrganizationName(name)
    }
    let owner = try DistinguishedName {
      CommonName(name)
      OrganizationName(name)
    }
    // A clock of another machine may be behind.
    let begin = Date(timeIntervalSinceNow: -86_400)
    let authorityIdentifier = SubjectKeyIdentifier(hash: authorityKey.publicKey)
    let root = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: authorityKey.publicKey, notValidBefore: begin,
      notValidAfter: begin + Self.lifetime, issuer: authority, subject: authority, signatureAlgorithm: .ed25519,
      extensions: .init {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
        authorityIdentifier
      }, issuerPrivateKey: authorityKey)
    let publicKey = Certificate.PublicKey(key)
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: begin,
      notValidAfter: begin + Self.lifetime, issuer: authority, subject: owner, signatureAlgorithm: .ed25519,
      extensions: .init {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        // Readers of C2PA accept few purposes, and that of signing documents (RFC 9336) is none of them.
        try ExtendedKeyUsage([.emailProtection])
        SubjectKeyIdentifier(hash: publicKey)
        AuthorityKeyIdentifier(keyIdentifier: authorityIdentifier.keyIdentifier)
      }, issuerPrivateKey: authorityKey)
    chain = try [leaf, root].map { try $0.serializeAsPEM().derBytes }
  }

  /// The chain in a file of PEM.
  ///
  /// - Throws: ``SignatureError/unusableCertificates(path:reason:)`` if it is no such file, its first certificate is not the
  ///   key's, or is not valid now; `FileAccessError`.
  init(path: String, of key: Curve25519.Signing.PublicKey) throws {
    func unusable(_ reason: String) -> SignatureError { .unusableCertificates(path: path, reason: reason) }
    let text = String(decoding: try BoundedFile.contents(of: path, limit: Self.fileLimit), as: UTF8.self)
    let certificates: [Certificate]
    do {
      let documents = try PEMDocument.parseMultiple(pemString: text)
      certificates = try documents.map { try Certificate(pemDocument: $0) }
      chain = documents.map(\.derBytes)
    } catch {
      throw unusable("it is no PEM file of certificates")
    }
    guard let leaf = certificates.first else { throw unusable("it has no certificate") }
    guard leaf.publicKey == Certificate.PublicKey(key) else {
      throw unusable("its first certificate is of another key")
    }
    guard (leaf.notValidBefore...leaf.notValidAfter).contains(Date()) else {
      throw unusable("its first certificate is valid from \(leaf.notValidBefore) to \(leaf.notValidAfter)")
    }
  }

  var pem: String { chain.map { PEMDocument(type: "CERTIFICATE", derBytes: $0).pemString + "\n" }.joined() }
}
