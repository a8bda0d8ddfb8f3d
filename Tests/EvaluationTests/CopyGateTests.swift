import Foundation
import ImageFiles
import Support
import Testing

@testable import Evaluation

@Suite("Copies of training images")
struct CopyGateTests {
  /// Ribs, a heart and noise of a coarse grid, at places that the seed decides.
  static func chest(_ seed: UInt64, side: Int = 128) throws -> GrayscaleImage {
    var random = SplitMix64(seed: seed)
    func number(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double(random.next(below: 10_000)) / 10_000
    }
    let (phase, pitch, slope) = (number(0...6), number(0.30...0.45), number(-0.3...0.3))
    let (heartX, heartY, heartR) = (number(0.4...0.6), number(0.5...0.7), number(0.12...0.2))
    let grid = (0..<81).map { _ in number(-1...1) }
    let pixels = (0..<side * side).map { index -> UInt8 in
      let (x, y) = (Double(index % side) / Double(side), Double(index / side) / Double(side))
      let rib = sin(phase + (y + slope * abs(x - 0.5)) * 60 * pitch)
      let heart = hypot(x - heartX, y - heartY) < heartR ? 0.25 : 0
      let (gx, gy) = (x * 8, y * 8)
      let (cx, cy) = (min(Int(gx), 7), min(Int(gy), 7))
      let (fx, fy) = (gx - Double(cx), gy - Double(cy))
      let top = grid[cy * 9 + cx] * (1 - fx) + grid[cy * 9 + cx + 1] * fx
      let bottom = grid[cy * 9 + 9 + cx] * (1 - fx) + grid[cy * 9 + 10 + cx] * fx
      return UInt8(min(max(120 + 25 * rib + 80 * heart + 45 * (top * (1 - fy) + bottom * fy), 0), 255))
    }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  static func set(_ seeds: Range<UInt64>, _ change: (GrayscaleImage) throws -> GrayscaleImage = { $0 }) throws
    -> DrawnImages
  {
    DrawnImages(
      title: "chests",
      items: try seeds.map {
        DrawnImages.Item(name: "\($0)", image: try change(chest($0)), facts: ImageFacts())
      })
  }

  /// What a copy may go through; of 0 to 1 each number decides how.
  static let changes: [(name: String, change: @Sendable (GrayscaleImage) throws -> GrayscaleImage)] = [
    ("JPEG", { try GrayscaleImage(decoding: $0.jpegBytes(quality: 50)) }),
    ("shift", { try moved($0, right: 8, down: -6) }),
    ("larger", { try scaled($0, by: 1.07) }),
    ("smaller", { try scaled($0, by: 0.94) }),
    ("gamma", { image in try mapped(image) { pow($0, 1.6) } }),
    ("lighter", { image in try mapped(image) { pow($0, 0.65) } }),
    ("blurred", { try restored($0) }),
  ]

  static func mapped(_ image: GrayscaleImage, _ change: (Double) -> Double) throws -> GrayscaleImage {
    let pixels = image.pixels.map { UInt8(min(max(change(Double($0) / 255) * 255, 0), 255)) }
    return try GrayscaleImage(width: image.width, height: image.height, pixels: pixels)
  }

  static func moved(_ image: GrayscaleImage, right: Int, down: Int) throws -> GrayscaleImage {
    let (width, height) = (image.width, image.height)
    let pixels = (0..<width * height).map { index -> UInt8 in
      let (x, y) = (index % width - right, index / width - down)
      return (0..<width).contains(x) && (0..<height).contains(y) ? image[x, y] : 0
    }
    return try GrayscaleImage(width: width, height: height, pixels: pixels)
  }

  static func scaled(_ image: GrayscaleImage, by factor: Double) throws -> GrayscaleImage {
    let side = image.width
    let size = Int(Double(side) * factor)
    let large = try GrayPlane(image).resized(width: size, height: size).grayscale
    let offset = (size - side) / 2
    let pixels = (0..<side * side).map { index -> UInt8 in
      let (x, y) = (index % side + offset, index / side + offset)
      return (0..<size).contains(x) && (0..<size).contains(y) ? large[x, y] : 0
    }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  /// Through a quarter of the width and height and back.
  static func restored(_ image: GrayscaleImage) throws -> GrayscaleImage {
    try GrayPlane(image).resized(width: image.width / 4, height: image.height / 4)
      .resized(width: image.width, height: image.height, resampling: .bicubic).grayscale
  }

  @Test("copies are found whatever was done to them, and new images pass")
  func copies() throws {
    let gate = try CopyGate(index: GateIndex(Self.set(0..<60)), calibration: Self.set(1000..<1200))
    let new = GateReport(try gate.findings(Self.set(2000..<2050)), gate: gate)
    #expect(new.copies <= 1 && !new.refused, "\(new.nearest.first.map { "\($0)" } ?? "")")
    for (name, change) in Self.changes {
      let report = GateReport(try gate.findings(Self.set(0..<10, change)), gate: gate)
      #expect(report.copies >= 9 && report.refused, "\(name): \(report.copies)")
      let right = report.images.count { $0.nearest == $0.path }
      #expect(right >= 9, "\(name): the right one in \(right)")
    }
  }

  @Test("the threshold leaves one in two hundred below it, and is lowered where there are too few to say")
  func threshold() {
    let many = (0..<999).map { Double($0) }
    #expect(CopyGate.threshold(many) == 4)
    #expect(CopyGate.threshold((10..<60).map { Double($0) }) == 8)
    #expect([0, 1, 50, 100, 200, 1000].map(GateReport.allowed) == [0, 0, 3, 4, 6, 18])
  }

  @Test("too few training or held-out images are refused with their number")
  func tooFew() throws {
    #expect(throws: MeasurementError.tooFewInSet(path: "chests", found: 5, minimum: GateIndex.minimum)) {
      try GateIndex(Self.set(0..<5))
    }
    let index = try GateIndex(Self.set(0..<20))
    #expect(throws: MeasurementError.tooFewInSet(path: "chests", found: 3, minimum: CopyGate.calibrationMinimum)) {
      try CopyGate(index: index, calibration: Self.set(0..<3))
    }
  }

  @Test("an image of one grey is like no other")
  func flat() throws {
    let index = try GateIndex(Self.set(0..<30))
    let black = try GrayscaleImage(width: 128, height: 128, pixels: Array(repeating: 0, count: 128 * 128))
    let matches = try index.matches(
      DrawnImages(title: "black", items: [DrawnImages.Item(name: "black", image: black, facts: ImageFacts())]))
    #expect(matches[0].distance > 0.9)
  }
}
