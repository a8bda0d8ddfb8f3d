import Crypto
import Foundation
import ImageFiles
import Support

/// A signature over a file's pixels and all of its texts.
struct ImageSignature {
  /// What a file says of its signature, and whether that is so.
  enum State: String, Sendable, Encodable {
    /// Pixels and texts are what the key's owner wrote.
    case valid
    /// They are not.
    case altered
    /// The file has no signature.
    case absent
  }

  static let keyText = "thorax:public-key"
  static let signatureText = "thorax:signature"

  private let publicKey: String
  private let signature: String

  /// Signs.
  init(of image: GrayscaleImage, texts: [ImageText], by key: SigningKey) throws {
    publicKey = key.publicKey
    signature = Data(try key.signature(of: Self.message(image, texts, publicKey: publicKey))).base64EncodedString()
  }

  /// The texts with the signature before the prompt, which a file may hold only in part.
  func added(to texts: [ImageText]) -> [ImageText] {
    let place = texts.firstIndex { $0.key == "thorax:prompt" } ?? texts.count
    var signed = texts
    signed.insert(
      contentsOf: [ImageText(Self.keyText, publicKey), ImageText(Self.signatureText, signature)], at: place)
    return signed
  }

  /// Checks the signature among a file's texts.
  static func state(of image: GrayscaleImage, texts: [ImageText]) -> (state: State, publicKey: String?) {
    func text(_ key: String) -> String? { texts.first { $0.key == key }?.value }
    guard let publicKey = text(keyText), let signature = text(signatureText) else { return (.absent, nil) }
    guard let keyBytes = Data(base64Encoded: publicKey), let bytes = Data(base64Encoded: signature),
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: keyBytes)
    else { return (.altered, nil) }
    let rest = texts.filter { $0.key != keyText && $0.key != signatureText }
    let isValid = key.isValidSignature(bytes, for: Data(message(image, rest, publicKey: publicKey)))
    return (isValid ? .valid : .altered, publicKey)
  }

  /// What is signed: sizes, the hash of the pixels, and every text of the program's own in the order of the keys. The
  /// other texts repeat these for other programs, and a JPEG holds them under names of the program's own.
  private static func message(_ image: GrayscaleImage, _ texts: [ImageText], publicKey: String) -> [UInt8] {
    let repeated = ["thorax:Software", "thorax:Description"]
    let own = texts.filter { $0.key.hasPrefix("thorax:") && !repeated.contains($0.key) }.sorted { $0.key < $1.key }
      .flatMap { [$0.key, $0.value] }
    let parts = ["\(image.width) x \(image.height)", ContentHash.of(image.pixels), publicKey] + own
    return Array("thorax-signature-1 \(ContentHash.of(parts: parts))".utf8)
  }
}
