import CZlib
import Crypto
import Foundation
import Support

/// A manifest of C2PA in a PNG or JPEG file: that a trained model made the picture, and whose key vouches for every byte
/// of the file (Content Credentials, technical specification 2.1, https://c2pa.org/specifications).
struct ContentCredentials {
  /// What a trained model made (IPTC, Digital Source Type).
  private static let sourceType = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

  let key: SigningKey
  let certificates: SigningCertificates

  /// The file with its manifest; DICOM, for which C2PA has no place, as it is.
  ///
  /// - Parameter file: What ``SyntheticImage`` wrote, whole.
  func added(to file: [UInt8], as format: OutputFormat) throws -> [UInt8] {
    let place: Int
    let wrapped: (JUMBFBox) -> [UInt8]
    switch format {
    case .png: (place, wrapped) = (Self.placeInPNG, Self.chunk)
    case .jpeg: (place, wrapped) = (Self.placeInJPEG(file), Self.segment)
    case .dicom: return file
    }
    // The manifest says how long it is itself, in a number whose own length varies.
    var length = 0
    while true {
      let manifest = wrapped(try store(file: file, excluded: place..<place + length, format: format))
      if manifest.count == length { return file[..<place] + manifest + file[place...] }
      length = manifest.count
    }
  }

  /// All that is put into the file.
  ///
  /// - Parameter excluded: Where it will lie, which its hash leaves out.
  private func store(file: [UInt8], excluded: Range<Int>, format: OutputFormat) throws -> JUMBFBox {
    let software = CBORValue.named(["name": .text("Thorax"), "version": .text(ThoraxVersion.current)])
    let assertions = [
      assertion(
        "c2pa.hash.data",
        .named([
          "exclusions": .array([.named(["start": .integer(excluded.lowerBound), "length": .integer(excluded.count)])]),
          "alg": .text("sha256"), "hash": .bytes(Array(SHA256.hash(data: file))), "pad": .bytes([]),
        ])),
      assertion(
        "c2pa.actions.v2",
        .named([
          "actions": .array([
            .named([
              "action": .text("c2pa.created"), "digitalSourceType": .text(Self.sourceType), "softwareAgent": software,
              "description": .text(Provenance.notice),
            ])
          ])
        ])),
    ]
    let identity = Self.uuid(of: SHA256.hash(data: file + Array(key.publicKey.utf8)))
    let name = "urn:c2pa:\(identity)"
    let claim = CBORValue.named([
      "instanceID": .text("xmp:iid:\(identity)"), "claim_generator_info": software,
      "signature": .text("self#jumbf=/c2pa/\(name)/c2pa.signature"),
      "created_assertions": .array(
        assertions.map { assertion in
          .named([
            "url": .text("self#jumbf=c2pa.assertions/\(assertion.label)"),
            "hash": .bytes(Array(SHA256.hash(data: assertion.box.payload))),
          ])
        }),
      "alg": .text("sha256"), "dc:format": .text(format.mediaType),
    ])
    let manifest = JUMBFBox(
      .manifest, label: name,
      [
        JUMBFBox(.assertions, label: "c2pa.assertions", assertions.map(\.box)),
        JUMBFBox(.claim, label: "c2pa.claim.v2", [JUMBFBox(claim)]),
        JUMBFBox(.signature, label: "c2pa.signature", [JUMBFBox(try signature(of: claim.encoded))]),
      ])
    return JUMBFBox(.store, label: "c2pa", [manifest])
  }

  private func assertion(_ label: String, _ value: CBORValue) -> (label: String, box: JUMBFBox) {
    (label, JUMBFBox(.cbor, label: label, [JUMBFBox(value)]))
  }

  /// COSE_Sign1 over bytes that are elsewhere (RFC 9052, 4.2 and 4.4), by Ed25519 and with the chain of certificates
  /// (RFC 9360, 2).
  private func signature(of claim: [UInt8]) throws -> CBORValue {
    let chain = certificates.chain.map(CBORValue.bytes)
    let protected = CBORValue.map([
      (.integer(1), .integer(-8)), (.integer(33), chain.count == 1 ? chain[0] : .array(chain)),
    ]).encoded
    let signed = CBORValue.array([.text("Signature1"), .bytes(protected), .bytes([]), .bytes(claim)]).encoded
    return .tagged(
      18, .array([.bytes(protected), .map([]), .null, .bytes(try key.signature(of: signed))]))
  }

  /// A UUID of 122 bits of a hash (RFC 9562, 5.8).
  private static func uuid(of hash: SHA256.Digest) -> String {
    var bytes = Array(hash.prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = bytes.hexadecimal
    var parts: [Substring] = []
    var rest = digits[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }

  // MARK: - In files

  /// Behind the signature and the header.
  private static let placeInPNG = 8 + 25

  private static func chunk(_ store: JUMBFBox) -> [UInt8] {
    let content = Array("caBX".utf8) + store.bytes
    let checksum = content.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
    return bigEndian(UInt32(content.count - 4)) + content + bigEndian(UInt32(checksum))
  }

  /// Behind the marker of the beginning and the segment of JFIF.
  private static func placeInJPEG(_ file: [UInt8]) -> Int {
    guard file.count > 6, file[2] == 0xFF, file[3] == 0xE0 else { return 2 }
    return 4 + Int(file[4]) << 8 + Int(file[5])
  }

  /// A segment APP11 (ISO/IEC 19566-5, D.2): one is enough for chains that ``SigningCertificates`` reads.
  private static func segment(_ store: JUMBFBox) -> [UInt8] {
    let content = Array("JP".utf8) + bigEndian(UInt16(1)) + bigEndian(UInt32(1)) + store.bytes
    return [0xFF, 0xEB] + bigEndian(UInt16(2 + content.count)) + content
  }
}
