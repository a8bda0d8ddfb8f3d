import Crypto
import Foundation
import ImageFiles
import Support
import SwiftASN1
import TestBasics
import Testing
import X509

@testable import ImageOutput

/// What a reader of C2PA looks at, read here by code of the tests alone. `Tools/reference/content_credentials.py` asks
/// C2PA's own reader.
@Suite struct ContentCredentialsTests {
  static func key() throws -> SigningKey { try SigningKey(ownerName: "Radiology, St. Mary") }

  @Test("the manifest's hashes and its signature hold for the file", arguments: [OutputFormat.png, .jpeg])
  func manifest(format: OutputFormat) throws {
    let key = try Self.key()
    let drawn = try SyntheticDICOMTests.drawn()
    let file = try drawn.encoded(as: format, signedBy: key)
    let found = try #require(StoredManifest(in: file, format))

    let assertions = found.superbox("c2pa.assertions").boxes
    let hash = try #require(assertions.first { $0.label == "c2pa.hash.data" }).cbor
    let exclusion = hash["exclusions"][0]
    #expect(exclusion["start"].integer == found.place.lowerBound && exclusion["length"].integer == found.place.count)
    let rest = file[..<found.place.lowerBound] + file[found.place.upperBound...]
    #expect(hash["hash"].bytes == Array(SHA256.hash(data: rest)) && hash["alg"].text == "sha256")

    let claim = found.superbox("c2pa.claim.v2")
    let created = claim.cbor["created_assertions"].values
    #expect(created.count == assertions.count)
    for (reference, box) in zip(created, assertions) {
      #expect(reference["url"].text == "self#jumbf=c2pa.assertions/\(box.label)")
      #expect(reference["hash"].bytes == Array(SHA256.hash(data: box.payload)))
    }
    #expect(claim.cbor["signature"].text == "self#jumbf=/c2pa/\(found.label)/c2pa.signature")
    #expect(claim.cbor["dc:format"].text == format.mediaType)

    let action = try #require(assertions.first { $0.label == "c2pa.actions.v2" }).cbor["actions"][0]
    #expect(action["action"].text == "c2pa.created")
    #expect(action["digitalSourceType"].text?.hasSuffix("/trainedAlgorithmicMedia") == true)

    let signature = found.superbox("c2pa.signature").cbor
    let protected = try #require(signature[0].bytes)
    let chain = try CBORItem(protected)[33].values.map { try Certificate(derEncoded: #require($0.bytes)) }
    #expect(try CBORItem(protected)[1].integer == -8)
    let leaf = try #require(Curve25519.Signing.PublicKey(chain[0].publicKey))
    #expect(leaf.rawRepresentation.base64EncodedString() == key.publicKey)
    #expect(chain[1].publicKey.isValidSignature(chain[0].signature, for: chain[0]))
    let signed = CBORValue.array([.text("Signature1"), .bytes(protected), .bytes([]), .bytes(claim.content)]).encoded
    #expect(leaf.isValidSignature(try #require(signature[3].bytes), for: signed))
  }

  @Test("pixels, texts and the program's own signature are as without", arguments: OutputFormat.allCases)
  func rest(format: OutputFormat) throws {
    let key = try Self.key()
    let drawn = try SyntheticDICOMTests.drawn()
    let (with, without) = (try drawn.encoded(as: format, signedBy: key), try drawn.encoded(as: format))
    #expect(try OutputFormat.picture(in: with) == OutputFormat.picture(in: without))
    let texts = try RecordedProvenance.texts(of: with, path: "x")
    let own = [ImageSignature.keyText, ImageSignature.signatureText]
    #expect(try texts.filter { !own.contains($0.key) } == RecordedProvenance.texts(of: without, path: "x"))
    #expect(ImageSignature.state(of: try OutputFormat.picture(in: with), texts: texts).state == .valid)
    #expect(StoredManifest(in: without, format) == nil)
    #expect((StoredManifest(in: with, format) == nil) == (format == .dicom))
  }

  @Test("a key without certificates signs, and writes no Content Credentials")
  func bareKey() throws {
    let file = try SyntheticDICOMTests.drawn().encoded(as: .png, signedBy: SigningKey())
    #expect(StoredManifest(in: file, .png) == nil)
  }

  @Test("certificates come back from the file beside the key; those of another key, old ones and no PEM are refused")
  func certificates() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-certificates-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("key").path
    let beside = SigningKey.certificatesPath(ofKey: path)
    let key = try Self.key()
    try key.write(to: path)
    #expect(try SigningKey(path: path).certificates?.chain == key.certificates?.chain)

    func reason(_ text: String) throws -> String? {
      try Data(text.utf8).write(to: URL(fileURLWithPath: beside))
      do {
        _ = try SigningKey(path: path)
        return nil
      } catch SignatureError.unusableCertificates(beside, let reason) {
        return reason
      }
    }
    let other = try #require(Self.key().certificates).pem
    #expect(try reason(other) == "its first certificate is of another key")
    #expect(try reason("") == "it has no certificate")
    #expect(try reason("no certificate at all") == "it has no certificate")
    let broken = "it is no PEM file of certificates"
    #expect(try reason("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == broken)
    #expect(try reason(String(other.dropLast(40))) == broken)
    #expect(try reason(Self.oldCertificate(of: key))?.hasPrefix("its first certificate is valid from") == true)
    let second = folder.appendingPathComponent("second").path
    try Data().write(to: URL(fileURLWithPath: SigningKey.certificatesPath(ofKey: second)))
    #expect(throws: FileAccessError.self) { try key.write(to: second) }
    #expect(!FileManager.default.fileExists(atPath: second))
    try FileManager.default.removeItem(atPath: beside)
    #expect(try SigningKey(path: path).certificates == nil)
  }

  @Test(
    "an owner's name has 1 to 64 characters on one line", arguments: ["", String(repeating: "x", count: 65), "a\nb"])
  func names(name: String) {
    #expect(throws: SignatureError.ownerName(name)) { try SigningKey(ownerName: name) }
  }

  private static func oldCertificate(of key: SigningKey) throws -> String {
    let bytes = try #require(Data(base64Encoded: key.publicKey))
    let signer = Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
    let name = try DistinguishedName { CommonName("x") }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(Curve25519.Signing.PublicKey(rawRepresentation: bytes)),
      notValidBefore: Date(timeIntervalSince1970: 0), notValidAfter: Date(timeIntervalSince1970: 86_400), issuer: name,
      subject: name, signatureAlgorithm: .ed25519, extensions: .init(), issuerPrivateKey: signer)
    return try certificate.serializeAsPEM().pemString
  }
}

/// The manifest in a file, taken apart.
private struct StoredManifest {
  /// Of the chunk or segment that holds it.
  let place: Range<Int>
  let label: String
  private let boxes: [Box]

  /// A superbox.
  struct Box {
    let label: String
    /// Behind length and type.
    let payload: [UInt8]

    /// The boxes behind the description.
    var boxes: [Box] { Self.split(payload).dropFirst().compactMap { $0.type == "jumb" ? Box($0.payload) : nil } }

    /// The CBOR in the only box behind the description.
    var content: [UInt8] { Self.split(payload)[1].payload }
    var cbor: CBORItem { (try? CBORItem(content)) ?? .null }

    init(_ payload: [UInt8]) {
      self.payload = payload
      let description = Self.split(payload)[0].payload
      label = String(decoding: description.dropFirst(17).prefix { $0 != 0 }, as: UTF8.self)
    }

    static func split(_ bytes: [UInt8]) -> [(type: String, payload: [UInt8])] {
      var boxes: [(type: String, payload: [UInt8])] = []
      var rest = bytes[...]
      while rest.count >= 8 {
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard (8...rest.count).contains(length) else { break }
        let type = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
        boxes.append((type, Array(rest.prefix(length).dropFirst(8))))
        rest = rest.dropFirst(length)
      }
      return boxes
    }
  }

  init?(in file: [UInt8], _ format: OutputFormat) {
    func number(at place: Int, _ bytes: Int) -> Int { file[place..<place + bytes].reduce(0) { $0 << 8 | Int($1) } }
    var found: Range<Int>?
    var header = 0
    switch format {
    case .png:
      var place = 8
      while place + 12 <= file.count, found == nil {
        let end = place + 12 + number(at: place, 4)
        if Array(file[place + 4..<place + 8]) == Array("caBX".utf8) { found = place..<end }
        place = end
      }
      header = 8
    case .jpeg:
      var place = 2
      while place + 4 <= file.count, file[place + 1] != 0xDA, found == nil {
        let end = place + 2 + number(at: place + 2, 2)
        if file[place + 1] == 0xEB { found = place..<end }
        place = end
      }
      header = 12
    case .dicom: break
    }
    guard let found, let store = Box.split(Array(file[(found.lowerBound + header)..<found.upperBound])).first,
      let manifest = Box(store.payload).boxes.first
    else { return nil }
    (place, label, boxes) = (found, manifest.label, manifest.boxes)
  }

  func superbox(_ label: String) -> Box {
    boxes.first { $0.label == label } ?? Box([])
  }
}

/// A value read from CBOR, of the kinds that a manifest has.
private indirect enum CBORItem {
  case integer(Int)
  case bytes([UInt8])
  case text(String)
  case array([CBORItem])
  case map([(key: CBORItem, value: CBORItem)])
  case null

  struct Malformed: Error {}

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    self = try Self.read(&rest)
    guard rest.isEmpty else { throw Malformed() }
  }

  private static func read(_ rest: inout ArraySlice<UInt8>) throws -> CBORItem {
    guard let first = rest.popFirst() else { throw Malformed() }
    var number = Int(first & 31)
    if number >= 24, first != 0xF6 {
      let length = 1 << (number - 24)
      guard number < 28, rest.count >= length else { throw Malformed() }
      number = rest.prefix(length).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(length)
    }
    func take() throws -> [UInt8] {
      guard rest.count >= number else { throw Malformed() }
      defer { rest = rest.dropFirst(number) }
      return Array(rest.prefix(number))
    }
    switch first >> 5 {
    case 0: return .integer(number)
    case 1: return .integer(-1 - number)
    case 2: return .bytes(try take())
    case 3: return .text(String(decoding: try take(), as: UTF8.self))
    case 4: return .array(try (0..<number).map { _ in try read(&rest) })
    case 5: return .map(try (0..<number).map { _ in (try read(&rest), try read(&rest)) })
    case 6: return try read(&rest)
    default: return .null
    }
  }

  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
  var text: String? { if case .text(let value) = self { value } else { nil } }
  var values: [CBORItem] { if case .array(let values) = self { values } else { [] } }

  subscript(name: String) -> CBORItem {
    guard case .map(let pairs) = self else { return .null }
    return pairs.first { $0.key.text == name }?.value ?? .null
  }

  /// By place in an array, by key in a map.
  subscript(number: Int) -> CBORItem {
    switch self {
    case .array(let values) where values.indices.contains(number): values[number]
    case .map(let pairs): pairs.first { $0.key.integer == number }?.value ?? .null
    default: .null
    }
  }
}
