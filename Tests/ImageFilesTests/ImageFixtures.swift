import Foundation

@testable import ImageFiles

enum ImageFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/images")

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func words(_ name: String) throws -> [UInt16] {
    try bytes(name).withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }
  }

  static func decoded(_ name: String) throws -> DecodedImage {
    try bytes(name).withUnsafeBytes { try DecodedImage(decoding: $0) }
  }

  /// The upper left corner of `resize-source-203x151.u8`.
  static func source(width: Int = 203, height: Int = 151) throws -> GrayscaleImage {
    let all = try bytes("resize-source-203x151.u8")
    return try GrayscaleImage(
      width: width, height: height, pixels: (0..<height).flatMap { all[($0 * 203)..<($0 * 203 + width)] })
  }

  /// A grey ramp with a pattern that no codec can guess from a corner.
  static func ramp(width: Int, height: Int) throws -> GrayscaleImage {
    try GrayscaleImage(
      width: width, height: height, pixels: (0..<(width * height)).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 13) })
  }
}

/// The largest and the mean absolute difference of two runs of grey values.
func differences(_ one: [UInt8], _ other: [UInt8]) -> (largest: Int, mean: Double) {
  let each = zip(one, other).map { abs(Int($0) - Int($1)) }
  return (each.max() ?? 0, Double(each.reduce(0, +)) / Double(max(each.count, 1)))
}
