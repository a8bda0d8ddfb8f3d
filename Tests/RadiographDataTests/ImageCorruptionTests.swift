import RadiographData
import Support
import Testing

@Suite("Corrupted anatomy")
struct ImageCorruptionTests {
  private static let size = 128

  /// Two dark lungs with ribs, a bright middle, and a heart that lies mostly in the right half of the picture.
  private static func chest() -> [UInt8] {
    (0..<size * size).map { index in
      let (x, y) = (Double(index % size) / Double(size), Double(index / size) / Double(size))
      func inside(_ cx: Double, _ cy: Double, _ rx: Double, _ ry: Double) -> Bool {
        (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) < 1
      }
      var value = 150.0
      if inside(0.3, 0.45, 0.15, 0.3) || inside(0.7, 0.45, 0.15, 0.3) { value = 50 + (index / size % 12 < 4 ? 20 : 0) }
      if inside(0.58, 0.64, 0.14, 0.13) { value = 170 }
      return UInt8(value)
    }
  }

  private static func made(_ corruption: ImageCorruption, seed: UInt64, isControl: Bool = false) -> [UInt8] {
    chest().withUnsafeBufferPointer { corruption.pixels(of: $0, size: size, seed: seed, isControl: isControl) }
  }

  /// The mean over a rectangle, in parts of the side.
  private static func mean(_ pixels: [UInt8], _ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> Double {
    var (sum, count) = (0.0, 0.0)
    for row in Int(y.lowerBound * Double(size))..<Int(y.upperBound * Double(size)) {
      for column in Int(x.lowerBound * Double(size))..<Int(x.upperBound * Double(size)) {
        sum += Double(pixels[row * size + column])
        count += 1
      }
    }
    return sum / count
  }

  private static func difference(_ one: [UInt8], _ other: [UInt8]) -> Double {
    zip(one, other).reduce(0) { $0 + abs(Double($1.0) - Double($1.1)) } / Double(one.count)
  }

  @Test("one lung is filled, the other stays, and in the control both are as dark as they were")
  func missingLung() {
    let before = Self.chest()
    var sides: Set<Bool> = []
    for seed in 0..<12 as Range<UInt64> {
      func rise(_ after: [UInt8], _ x: ClosedRange<Double>) -> Double {
        Self.mean(after, x, 0.3...0.55) - Self.mean(before, x, 0.3...0.55)
      }
      let after = Self.made(.missingLung, seed: seed)
      let rises = [rise(after, 0.24...0.36), rise(after, 0.64...0.76)]
      sides.insert(rises[0] > rises[1])
      #expect(rises.max() ?? 0 > 60 && abs(rises.min() ?? 100) < 6, "\(seed): \(rises)")
      let control = Self.made(.missingLung, seed: seed, isControl: true)
      #expect(abs(rise(control, 0.24...0.36)) < 3 && abs(rise(control, 0.64...0.76)) < 3)
      #expect(control != before)
    }
    #expect(sides.count == 2)
  }

  @Test("the heart is on the other side of the midline, and in the control where it was")
  func mirroredHeart() {
    func lean(_ pixels: [UInt8]) -> Double {
      Self.mean(pixels, 0.6...0.68, 0.58...0.68) - Self.mean(pixels, 0.32...0.4, 0.58...0.68)
    }
    let before = Self.chest()
    for seed in 0..<12 as Range<UInt64> {
      let after = Self.made(.mirroredHeart, seed: seed)
      #expect(lean(before) > 60 && lean(after) < -60, "\(seed): \(lean(before)), \(lean(after))")
      let control = Self.made(.mirroredHeart, seed: seed, isControl: true)
      #expect(lean(control) > 50 && control != before, "\(seed): \(lean(control))")
      // Above and at the sides nothing is done.
      #expect(after[0..<20 * Self.size] == before[0..<20 * Self.size])
    }
  }

  @Test("contours are doubled, and the control is but smoothed")
  func doubledContour() {
    let before = Self.chest()
    for seed in 0..<12 as Range<UInt64> {
      let after = Self.difference(Self.made(.doubledContour, seed: seed), before)
      let control = Self.difference(Self.made(.doubledContour, seed: seed, isControl: true), before)
      #expect(control > 0 && after > 3 * control, "\(seed): \(after), \(control)")
    }
  }

  @Test("the same seed makes the same image, another seed another, at any size", arguments: ImageCorruption.allCases)
  func seeds(_ corruption: ImageCorruption) {
    #expect(Self.made(corruption, seed: 3) == Self.made(corruption, seed: 3))
    #expect(Self.made(corruption, seed: 3) != Self.made(corruption, seed: 4))
    for size in [16, 33] {
      let flat = [UInt8](repeating: 90, count: size * size)
      let made = flat.withUnsafeBufferPointer { corruption.pixels(of: $0, size: size, seed: 1) }
      #expect(made.count == size * size)
    }
  }

  @Test("a quarter of the images stays, and each corruption is as frequent as its control")
  func draws() {
    let draws = (0..<8000).map { CorruptionDraw(seed: SplitMix64.mixed(UInt64($0))) }
    #expect(abs(draws.count { $0 == nil } - 2000) < 200)
    for corruption in ImageCorruption.allCases {
      let own = draws.compactMap { $0 }.filter { $0.corruption == corruption }
      let shown = own.count { $0.shows(corruption) }
      #expect(abs(Double(shown) / 8000 - CorruptionDraw.share) < 0.015, "\(corruption): \(shown)")
      #expect(abs(own.count - 2 * shown) < 150)
      #expect(own.allSatisfy { draw in !ImageCorruption.allCases.contains { $0 != corruption && draw.shows($0) } })
    }
  }
}
