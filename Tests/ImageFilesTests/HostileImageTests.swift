import Foundation
import Testing

@testable import ImageFiles

/// A file that must be refused, and how.
struct HostileImage: CustomTestStringConvertible {
  enum Refusal { case empty, unknownFormat, corrupt, tooLarge }

  let name: String
  let refusal: Refusal
  let bytes: @Sendable () throws -> [UInt8]
  var testDescription: String { name }

  func isRefused(as error: any Error) -> Bool {
    switch (refusal, error as? ImageFileError) {
    case (.empty, .empty), (.unknownFormat, .unknownFormat), (.corrupt, .corrupt), (.tooLarge, .tooLarge): true
    default: false
    }
  }

  static let all: [HostileImage] = [
    HostileImage(name: "zero bytes", refusal: .empty) { [] },
    HostileImage(name: "one byte", refusal: .unknownFormat) { [0x89] },
    HostileImage(name: "text named .png", refusal: .unknownFormat) { Array("This is not a picture.\n".utf8) },
    HostileImage(name: "a PNG signature alone", refusal: .corrupt) { Array(try png().prefix(8)) },
    HostileImage(name: "a JPEG signature alone", refusal: .corrupt) { Array(try jpeg().prefix(3)) },
    HostileImage(name: "half a PNG", refusal: .corrupt) { Array(try png().prefix(try png().count / 2)) },
    HostileImage(name: "half a JPEG", refusal: .corrupt) { Array(try jpeg().prefix(try jpeg().count / 2)) },
    HostileImage(name: "a PNG without its last byte", refusal: .corrupt) { try png().dropLast() },
    HostileImage(name: "a JPEG without its end marker", refusal: .corrupt) { try jpeg().dropLast(2) },
    HostileImage(name: "30000 x 30000 PNG header", refusal: .tooLarge) { try png(width: 30_000, height: 30_000) },
    HostileImage(name: "30000 x 30000 JPEG header", refusal: .tooLarge) { try jpeg(width: 30_000, height: 30_000) },
    HostileImage(name: "2^31-1 wide PNG header", refusal: .tooLarge) { try png(width: 0x7FFF_FFFF, height: 1) },
    HostileImage(name: "PNG header that lies within the limits", refusal: .corrupt) {
      try png(width: 9_000, height: 9_000)
    },
    HostileImage(name: "JPEG header that lies within the limits", refusal: .corrupt) {
      try jpeg(width: 9_000, height: 9_000)
    },
    HostileImage(name: "PNG header that lies a little", refusal: .corrupt) { try png(width: 48, height: 41) },
    HostileImage(name: "PNG of no width", refusal: .corrupt) { try png(width: 0, height: 10) },
    HostileImage(name: "JPEG of no width", refusal: .corrupt) { try jpeg(width: 0, height: 10) },
    HostileImage(name: "a flipped bit in a PNG's pixels", refusal: .corrupt) {
      var bytes = try png()
      bytes[bytes.count / 2] ^= 0x10
      return bytes
    },
  ]

  private static func png() throws -> [UInt8] { try ImageFixtures.ramp(width: 48, height: 40).pngBytes() }
  private static func jpeg() throws -> [UInt8] { try ImageFixtures.ramp(width: 48, height: 40).jpegBytes() }

  /// A true PNG with another size in its header, the checksum made good.
  private static func png(width: UInt32, height: UInt32) throws -> [UInt8] {
    var bytes = try png()
    bytes.replaceSubrange(16..<20, with: bigEndian(width))
    bytes.replaceSubrange(20..<24, with: bigEndian(height))
    bytes.replaceSubrange(29..<33, with: bigEndian(crc32(bytes[12..<29])))
    return bytes
  }

  /// A true JPEG with another size in its frame header.
  private static func jpeg(width: UInt16, height: UInt16) throws -> [UInt8] {
    var bytes = try jpeg()
    let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange((frame + 5)..<(frame + 7), with: bigEndian(height))
    bytes.replaceSubrange((frame + 7)..<(frame + 9), with: bigEndian(width))
    return bytes
  }

  private static func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  private static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}

@Suite struct HostileImageTests {
  @Test(arguments: HostileImage.all)
  func isRefused(image: HostileImage) throws {
    let bytes = try image.bytes()
    #expect { try GrayscaleImage(decoding: bytes) } throws: { image.isRefused(as: $0) }
  }

  @Test func refusalsAreOneLineWithARemedy() throws {
    for image in HostileImage.all {
      let bytes = try image.bytes()
      let error = #expect(throws: ImageFileError.self) { try GrayscaleImage(decoding: bytes) }
      let text = error.map { "\($0)" } ?? ""
      #expect(!text.contains("\n") && text.contains(": "))
    }
  }

  /// Files cut at every third length and all along their ends, and 800 with random bytes changed: an error or an image, never a crash.
  @Test(arguments: ["png", "jpg"])
  func damagedFilesNeverCrash(kind: String) throws {
    let format = try #require(ImageFormat(pathExtension: kind))
    let whole = try ImageFixtures.ramp(width: 24, height: 20).encoded(
      as: format, metadata: [ImageText("Description", "a chest"), ImageText("thorax:seed", "7")])
    for length in Array(stride(from: 0, to: whole.count, by: 3)) + Array((whole.count - 20)..<whole.count) {
      #expect(throws: ImageFileError.self) { try GrayscaleImage(decoding: Array(whole.prefix(length))) }
    }
    var state: UInt64 = 42
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let limits = ImageLimits(maximumSide: 500, maximumPixels: 50_000)
    for _ in 0..<800 {
      var bytes = whole
      for _ in 0...next(4) { bytes[next(bytes.count)] = UInt8(next(256)) }
      if let image = try? GrayscaleImage(decoding: bytes, limits: limits) {
        #expect(image.pixels.count == image.width * image.height)
      }
      if format == .png { _ = try? ImageText.read(fromPNG: bytes, limits: limits) }
    }
  }
}
