import Foundation
import ImageFiles
import Testing

@testable import ImageOutput

@Suite struct WatermarkTests {
  private static let detector = WatermarkDetector()
  private static let watermark = Watermark(payload: [0x12, 0xAB, 0xFE])

  /// Something like a chest: a bright middle, dark sides and some texture, from a seed.
  static func picture(_ seed: UInt64, width: Int = 256, height: Int = 256) throws -> GrayscaleImage {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random() -> Float {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Float(state >> 40) / Float(1 << 24)
    }
    var noise = GrayscalePlane(
      width: width, height: height, values: (0..<width * height).map { _ in random() - 0.5 })
    let fine = noise.blurred(radius: 1)
    let coarse = noise.blurred(radius: 9)
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = (Float(x) / Float(width) - 0.5, Float(y) / Float(height) - 0.5)
        let lungs = exp(-pow((abs(u) - 0.22) / 0.12, 2) - pow(v / 0.35, 2))
        let value = 170 - 110 * lungs + 30 * cos(25 * v + 4 * u) * lungs
        let index = y * width + x
        noise.values[index] = value + 60 * fine.values[index] + 300 * coarse.values[index]
      }
    }
    return try GrayscaleImage(
      width: width, height: height, pixels: noise.values.map { UInt8(min(max($0.rounded(), 0), 255)) })
  }

  private static func altered(_ image: GrayscaleImage, _ change: (GrayscalePlane) -> GrayscalePlane) throws
    -> GrayscaleImage
  {
    let plane = change(GrayscalePlane(image))
    return try GrayscaleImage(
      width: plane.width, height: plane.height,
      pixels: plane.values.map { UInt8(min(max($0.rounded(), 0), 255)) })
  }

  /// The square of `side` pixels at (11, 20) of a picture of 256 x 256.
  private static func crop(_ plane: GrayscalePlane, to side: Int) -> GrayscalePlane {
    GrayscalePlane(
      width: side, height: side,
      values: (0..<side * side).map { plane.values[($0 / side + 20) * 256 + $0 % side + 11] })
  }

  /// The peak signal-to-noise ratio in decibels.
  private static func quality(_ a: GrayscaleImage, _ b: GrayscaleImage) -> Double {
    let squares = zip(a.pixels, b.pixels).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    return 10 * log10(255 * 255 * Double(a.pixels.count) / squares)
  }

  enum Attack: String, CaseIterable {
    case none, jpeg, halved, cropped, contrast, gamma, turned, windowed
  }

  @Test("found after every change that pictures go through, with its payload", arguments: Attack.allCases)
  func survives(attack: Attack) throws {
    for seed in 0..<3 as Range<UInt64> {
      let plain = try Self.picture(seed + 1)
      let marked = Self.watermark.marked(plain)
      #expect(Self.quality(plain, marked) >= 42)
      let changed: GrayscaleImage
      switch attack {
      case .none: changed = marked
      case .jpeg: changed = try GrayscaleImage(decoding: marked.encoded(as: .jpeg))
      case .halved:
        changed = try Self.altered(marked) { $0.resized(width: 128, height: 128).resized(width: 256, height: 256) }
      case .cropped: changed = try Self.altered(marked) { Self.crop($0, to: 222) }
      case .contrast:
        changed = try Self.altered(marked) { plane in
          var plane = plane
          for index in plane.values.indices { plane.values[index] = (plane.values[index] - 128) * 0.7 + 128 }
          return plane
        }
      case .gamma:
        changed = try Self.altered(marked) { plane in
          var plane = plane
          for index in plane.values.indices { plane.values[index] = 255 * pow(plane.values[index] / 255, 1.5) }
          return plane
        }
      case .turned: changed = try Self.altered(marked) { $0.turned(by: 2) }
      case .windowed:
        changed = try Self.altered(marked) { plane in
          var plane = plane
          for index in plane.values.indices { plane.values[index] = (plane.values[index] - 60) * 255 / 130 }
          return plane
        }
      }
      let finding = Self.detector.find(in: changed)
      #expect(finding.isFound, "\(attack), \(finding)")
      #expect(finding.payload == [0x12, 0xAB, 0xFE], "\(attack), \(finding)")
    }
  }

  @Test("a crop brought back to the old size is found by a thorough look alone", arguments: [185, 205, 222, 235])
  func croppedAndResized(side: Int) throws {
    let thorough = WatermarkDetector(thorough: true)
    let plain = try Self.picture(3)
    func changed(_ image: GrayscaleImage) throws -> GrayscaleImage {
      try Self.altered(image) { Self.crop($0, to: side).resized(width: 256, height: 256) }
    }
    let marked = try changed(Self.watermark.marked(plain))
    #expect(!Self.detector.find(in: marked).isFound)
    let finding = thorough.find(in: marked)
    #expect(finding.isFound, "\(finding)")
    // Of a small crop too little may be left to read the payload, but none is read wrongly.
    let payload = [0x12, 0xAB, 0xFE] as [UInt8]
    #expect(finding.payload == payload || (side < 200 && finding.payload == nil), "\(finding)")
    #expect(thorough.find(in: try changed(plain)).falsePositiveRate > 1e-3)
  }

  @Test("not found in pictures without it, of any kind")
  func unmarked() throws {
    for seed in 0..<6 as Range<UInt64> {
      let finding = Self.detector.find(in: try Self.picture(seed + 100))
      #expect(finding.falsePositiveRate > 1e-3 && finding.payload == nil, "\(finding)")
    }
    for (width, height) in [(256, 256), (1, 1), (31, 700), (300, 40), (1024, 8)] {
      for level in [0, 128, 255] as [UInt8] {
        let flat = try GrayscaleImage(
          width: width, height: height, pixels: [UInt8](repeating: level, count: width * height))
        #expect(!Self.detector.find(in: flat).isFound)
      }
    }
  }

  @Test("not found by another key, nor does it read as another's")
  func otherKey() throws {
    let key = WatermarkKey(secret: Array("a hospital's own".utf8))
    let marked = Watermark(payload: [1, 2, 3], key: key).marked(try Self.picture(7))
    #expect(!Self.detector.find(in: marked).isFound)
    let finding = WatermarkDetector(key: key).find(in: marked)
    #expect(finding.isFound && finding.payload == [1, 2, 3])
  }

  @Test("found in other sizes and shapes", arguments: [(128, 128), (512, 512), (256, 200), (320, 384)])
  func sizes(width: Int, height: Int) throws {
    let marked = Self.watermark.marked(try Self.picture(3, width: width, height: height))
    let finding = Self.detector.find(in: marked)
    #expect(finding.isFound, "\(finding)")
  }

  @Test("black pictures stay black, and marking is the same every time")
  func limits() throws {
    let black = try GrayscaleImage(width: 64, height: 64, pixels: [UInt8](repeating: 0, count: 4096))
    #expect(Self.watermark.marked(black).pixels.allSatisfy { $0 <= 8 })
    let picture = try Self.picture(5)
    #expect(Self.watermark.marked(picture) == Self.watermark.marked(picture))
  }

  /// The bound is on every sum of cosines of independent uniform angles: drawn, it is hardly ever met.
  @Test("the bound on chance holds for drawn keys")
  func bound() throws {
    // One place and one angle: the score at place 0 for many keys, of one picture.
    let picture = try Self.picture(11)
    var exceeding = 0
    let keys = 40
    for index in 0..<keys {
      let detector = WatermarkDetector(key: WatermarkKey(secret: Array("drawn \(index)".utf8)))
      if detector.find(in: picture).falsePositiveRate < 0.1 { exceeding += 1 }
    }
    #expect(exceeding <= 8)
  }
}
