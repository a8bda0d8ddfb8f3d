import Crypto
import Foundation
import Support

/// A private key of Ed25519 (RFC 8032), with which files are signed.
public struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  /// A new key.
  public init() { key = Curve25519.Signing.PrivateKey() }

  /// The key in a file that ``write(to:)`` made.
  ///
  /// - Throws: ``SignatureError/notAKey(path:)``; `FileAccessError`.
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    let text = withExtendedLifetime(file) { String(decoding: file.bytes.prefix(4096), as: UTF8.self) }
    guard let line = Self.value(Self.header, in: text), let bytes = Data(base64Encoded: line),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    else { throw SignatureError.notAKey(path: path) }
    self.key = key
  }

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

  /// Writes the key to a new file that its owner alone reads.
  ///
  /// - Throws: `FileAccessError` if the file is there already, or cannot be written.
  public func write(to path: String) throws {
    let text = """
      # Whoever has this file can sign pictures in your name. `thorax keys show` prints what others check them with.
      \(Self.header) \(key.rawRepresentation.base64EncodedString())

      """
    try AtomicFile.write(Array(text.utf8), to: path, mode: .createNew, isPrivate: true)
  }

  /// What others check signatures with: 32 bytes in Base64.
  public var publicKey: String { key.publicKey.rawRepresentation.base64EncodedString() }

  func signature(of message: [UInt8]) throws -> String {
    try key.signature(for: Data(message)).base64EncodedString()
  }
}

/// What can be wrong with keys.
public enum SignatureError: Error, Equatable, CustomStringConvertible {
  case notAKey(path: String)

  public var description: String {
    switch self {
    case .notAKey(let path):
      "'\(path.onOneLine(limit: 160))' holds no signing key: make one with thorax keys make"
    }
  }
}
