import Crypto
import Foundation
import Support

/// A private key of Ed25519 (RFC 8032), with which files are signed.
public struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey
  /// Whose the key is, for those who know nothing of Thorax; nil if nobody says so.
  let certificates: SigningCertificates?

  /// A new key, of which nothing is known.
  public init() {
    key = Curve25519.Signing.PrivateKey()
    certificates = nil
  }

  /// A new key with certificates, so that files have Content Credentials.
  ///
  /// - Parameter name: Whose it is, 1 to 64 characters.
  /// - Throws: ``SignatureError/ownerName(_:)``.
  public init(ownerName name: String) throws {
    key = Curve25519.Signing.PrivateKey()
    certificates = try SigningCertificates(of: key.publicKey, name: name)
  }

  /// The key in a file that ``write(to:)`` made, with the certificates beside it.
  ///
  /// - Throws: ``SignatureError``; `FileAccessError`.
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    let text = withExtendedLifetime(file) { String(decoding: file.bytes.prefix(4096), as: UTF8.self) }
    guard let line = Self.value(Self.header, in: text), let bytes = Data(base64Encoded: line),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    else { throw SignatureError.notAKey(path: path) }
    self.key = key
    let beside = Self.certificatesPath(ofKey: path)
    certificates =
      FileManager.default.fileExists(atPath: beside) ? try SigningCertificates(path: beside, of: key.publicKey) : nil
  }

  /// Where the certificates of a key are: `.crt` behind the name of its file.
  public static func certificatesPath(ofKey path: String) -> String { path + ".crt" }

  private static let header = "thorax-ed25519-private-key:"

  private static func value(_ header: String, in text: String) -> String? {
    text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(header) }
      .map { $0.dropFirst(header.count).trimmingCharacters(in: .whitespaces) }
  }

  /// Where `thorax keys make` puts a key, and where it is looked for.
  public static var standardPath: String {
    if let path = ProcessInfo.processInfo.environment["THORAX_SIGNING_KEY"], !path.isEmpty { return path }
    return UserFolders.settings().appending("signing-key").string
  }

  /// The key at ``standardPath``; nil if there is none.
  ///
  /// - Throws: As ``init(path:)``.
  public static func standard() throws -> SigningKey? {
    FileManager.default.fileExists(atPath: standardPath) ? try SigningKey(path: standardPath) : nil
  }

  /// Writes the key to a new file that its owner alone reads, and its certificates beside it.
  ///
  /// - Throws: `FileAccessError` if one of the files is there already, or cannot be written; then neither is.
  public func write(to path: String) throws {
    let text = """
      # Whoever has this file can sign pictures in your name. `thorax keys show` prints what others check them with.
      \(Self.header) \(key.rawRepresentation.base64EncodedString())

      """
    try AtomicFile.write(Array(text.utf8), to: path, mode: .createNew, isPrivate: true)
    guard let certificates else { return }
    do {
      try AtomicFile.write(Array(certificates.pem.utf8), to: Self.certificatesPath(ofKey: path), mode: .createNew)
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw error
    }
  }

  /// Checks that a text can be a public key.
  ///
  /// - Throws: ``SignatureError/notAPublicKey(_:)``.
  public static func requirePublicKey(_ text: String) throws(SignatureError) {
    guard Data(base64Encoded: text)?.count == 32 else { throw .notAPublicKey(text) }
  }

  /// What others check signatures with: 32 bytes in Base64.
  public var publicKey: String { key.publicKey.rawRepresentation.base64EncodedString() }

  /// 64 bytes.
  func signature(of message: [UInt8]) throws -> [UInt8] {
    Array(try key.signature(for: Data(message)))
  }
}

/// What can be wrong with keys.
public enum SignatureError: Error, Equatable, CustomStringConvertible {
  case notAKey(path: String)
  case ownerName(String)
  case unusableCertificates(path: String, reason: String)
  case notAPublicKey(String)
  /// Of files that were looked at, those that are not as they were signed, and those signed by another key than the given one.
  case notAsSigned(altered: Int, foreign: Int, files: Int)

  public var description: String {
    switch self {
    case .notAKey(let path):
      "'\(path.onOneLine(limit: 160))' holds no signing key: make one with thorax keys make"
    case .ownerName(let name):
      "'\(name.onOneLine(limit: 80))' cannot be the name of a key's owner: give 1 to 64 characters on one line"
    case .notAPublicKey(let text):
      "'\(text.onOneLine(limit: 80))' is no public key: give the 44 characters that thorax keys show prints"
    case .notAsSigned(let altered, let foreign, let files):
      "of \(files.of("file")) \(altered) changed since it was signed, and \(foreign) by another key than the given one: ask "
        + "whoever signed for the file"
    case .unusableCertificates(let path, let reason):
      "'\(path.onOneLine(limit: 160))' cannot be used (\(reason)): put the certificate of the key beside it, or take the file "
        + "away, and no Content Credentials are written"
    }
  }
}
