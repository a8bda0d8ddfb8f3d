import Foundation

@testable import ImageFiles

enum ImageFixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/images")

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
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
