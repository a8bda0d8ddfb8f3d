import Support

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Anatomy that no chest has, made of a real radiograph: what a classifier can be taught to see in drawn ones.
///
/// Each has its control, in which the same parts of the image are resampled, smoothed and blended with the same soft
/// borders, and the anatomy stays as it was: a classifier that is shown both cannot go by the seam.
public enum ImageCorruption: String, Sendable, CaseIterable {
  /// One lung field filled with soft tissue, its borders soft. The control smooths the same field.
  case missingLung = "missing lung"
  /// A part of the image, or all of it, blended with itself displaced by 0.045 to 0.095 of the side. The control's
  /// displacement is below one pixel of 128.
  case doubledContour = "doubled contour"
  /// The lower middle, with the heart, mirrored about the midline; its borders are soft. In the control it is moved by up to
  /// 0.03 of the side.
  case mirroredHeart = "mirrored heart"

  /// The name of a corruption, as labels have it.
  public var name: String { rawValue }

  /// A corrupted image.
  ///
  /// - Parameters:
  ///   - pixels: `size * size` grey values.
  ///   - size: Width and height, at least 16.
  ///   - seed: Draws place and strength.
  ///   - isControl: Whether the anatomy stays as it is.
  /// - Returns: `size * size` grey values, the same for the same arguments.
  public func pixels(
    of pixels: UnsafeBufferPointer<UInt8>, size: Int, seed: UInt64, isControl: Bool = false
  ) -> [UInt8] {
    let plane = SquarePlane(values: pixels.map(Float.init), side: size)
    var draws = Draws(seed: SplitMix64.number(at: Self.stream(self), seed: seed))
    let changed =
      switch self {
      case .missingLung: Self.missingLung(plane, &draws, isControl: isControl)
      case .doubledContour: Self.doubledContour(plane, &draws, isControl: isControl)
      case .mirroredHeart: Self.mirroredHeart(plane, &draws, isControl: isControl)
      }
    return changed.values.map { UInt8(min(max($0, 0), 255).rounded()) }
  }

  private static func stream(_ corruption: ImageCorruption) -> UInt64 {
    switch corruption {
    case .missingLung: 1
    case .doubledContour: 2
    case .mirroredHeart: 3
    }
  }

  /// Numbers of a seed, one after another.
  private struct Draws {
    let seed: UInt64
    private var place: UInt64 = 0

    init(seed: UInt64) { self.seed = seed }

    mutating func callAsFunction(_ range: ClosedRange<Float>) -> Float {
      defer { place += 1 }
      return range.lowerBound + (range.upperBound - range.lowerBound) * SplitMix64.unit(at: place, seed: seed)
    }
  }

  // MARK: The corruptions

  private static func missingLung(_ image: SquarePlane, _ draws: inout Draws, isControl: Bool) -> SquarePlane {
    let low = image.smoothed(radius: image.pixels(0.0235))
    let field = SoftOval(
      x: (Float(low.midline) + 0.5) / Float(image.side) + (draws(0...1) < 0.5 ? -1 : 1) * draws(0.2...0.22),
      y: draws(0.41...0.47), width: draws(0.18...0.21), height: draws(0.31...0.36), border: draws(0.25...0.45),
      power: 2.5)
    let level = low.quantile(draws(0.6...0.9), inside: 0.15...0.85)
    // Soft tissue is nowhere of one grey: two slow waves.
    let waves = (1...2).map { number -> (x: Float, y: Float, phase: Float) in
      let (angle, phase) = (draws(0...2 * .pi), draws(0...2 * .pi))
      return (Float(number) * .pi * cosf(angle), Float(number) * .pi * sinf(angle), phase)
    }
    let kept = draws(0.15...0.65)
    let filling = image.map { x, y, index in
      let base = low.values[index]
      let detail = (image.values[index] - base) * kept
      guard !isControl else { return base + detail }
      let wave = waves.reduce(0) { $0 + cosf($1.x * x + $1.y * y + $1.phase) }
      let tissue = level * (1 + 0.06 * wave)
      return max(base, tissue - 0.15 * (tissue - base)) + detail
    }
    return image.blended(with: filling, by: field.strength)
  }

  private static func doubledContour(_ image: SquarePlane, _ draws: inout Draws, isControl: Bool) -> SquarePlane {
    let (length, angle) = (draws(0.045...0.095), draws(0...2 * .pi))
    let distance = isControl ? 0.006 : length
    let moved = image.moved(right: distance * cosf(angle), down: 0.7 * distance * sinf(angle))
    let isWhole = draws(0...1) < 0.4
    let part = SoftOval(
      x: draws(0.3...0.7), y: draws(0.3...0.7), width: draws(0.25...0.4), height: draws(0.25...0.4),
      border: draws(0.3...0.6), power: 2)
    let weight = draws(0.35...0.55)
    return image.blended(with: moved) { x, y in weight * (isWhole ? 1 : part.strength(x, y)) }
  }

  private static func mirroredHeart(_ image: SquarePlane, _ draws: inout Draws, isControl: Bool) -> SquarePlane {
    let midline = image.smoothed(radius: image.pixels(0.0235)).midline
    let part = SoftOval(
      x: (Float(midline) + 0.5) / Float(image.side), y: draws(0.59...0.65), width: draws(0.27...0.34),
      height: draws(0.24...0.3), border: draws(0.25...0.45), power: 2.5)
    let (right, down) = (draws(-0.03...0.03), draws(-0.03...0.03))
    // Both are resampled between pixels.
    let other =
      isControl
      ? image.moved(right: right, down: down)
      : image.mirrored(about: midline).moved(right: 0.1 * right, down: 0.1 * down)
    return image.blended(with: other, by: part.strength)
  }
}

/// What is done to one of many images: nothing to a quarter of them, and to the others any corruption or, as often, its
/// control.
public struct CorruptionDraw: Sendable, Equatable {
  public let corruption: ImageCorruption
  public let isControl: Bool
  private let seed: UInt64

  /// The share of images that have any one corruption.
  public static let share = (1 - untouched) / Double(2 * ImageCorruption.allCases.count)
  private static let untouched = 0.25

  /// - Returns: nil if the image stays as it is.
  public init?(seed: UInt64) {
    guard Double(SplitMix64.unit(at: 0, seed: seed)) >= Self.untouched else { return nil }
    var random = SplitMix64(seed: SplitMix64.number(at: 1, seed: seed))
    corruption = ImageCorruption.allCases[random.next(below: ImageCorruption.allCases.count)]
    isControl = random.next(below: 2) == 0
    self.seed = random.next()
  }

  /// Whether an image that this is done to shows a corruption.
  public func shows(_ other: ImageCorruption) -> Bool { !isControl && corruption == other }

  /// The changed image; as ``ImageCorruption/pixels(of:size:seed:isControl:)``.
  public func pixels(of pixels: UnsafeBufferPointer<UInt8>, size: Int) -> [UInt8] {
    corruption.pixels(of: pixels, size: size, seed: seed, isControl: isControl)
  }
}

/// An oval, or with a higher power a rounded rectangle, whose strength falls softly from 1 to 0 at its border. Everything is
/// in parts of the image's side, the border in parts of the oval.
private struct SoftOval {
  let x: Float
  let y: Float
  let width: Float
  let height: Float
  let border: Float
  let power: Float

  func strength(_ column: Float, _ row: Float) -> Float {
    let across = powf(abs((column - x) / width), power)
    let down = powf(abs((row - y) / height), power)
    let t = min(max((1 - powf(across + down, 1 / power)) / border + 0.5, 0), 1)
    return t * t * (3 - 2 * t)
  }
}

/// A square of grey values.
private struct SquarePlane {
  var values: [Float]
  let side: Int

  /// A part of the side as a number of whole pixels, at least 1.
  func pixels(_ share: Float) -> Int { max(1, Int((share * Float(side)).rounded())) }

  /// - Parameter value: The value at a place, in parts of the side, and of an index.
  func map(_ value: (_ x: Float, _ y: Float, _ index: Int) -> Float) -> SquarePlane {
    SquarePlane(
      values: values.indices.map { index in
        value(
          (Float(index % side) + 0.5) / Float(side), (Float(index / side) + 0.5) / Float(side), index)
      }, side: side)
  }

  func blended(with other: SquarePlane, by strength: (_ x: Float, _ y: Float) -> Float) -> SquarePlane {
    map { x, y, index in values[index] + strength(x, y) * (other.values[index] - values[index]) }
  }

  /// Three means over squares of `2 radius + 1` pixels, close to a Gaussian of deviation `radius + 1/2`; the border's pixels
  /// go on beyond it.
  func smoothed(radius: Int) -> SquarePlane {
    var result = self
    for _ in 0..<3 {
      result = result.lineMeans(radius: radius, along: 1, across: side)
      result = result.lineMeans(radius: radius, along: side, across: 1)
    }
    return result
  }

  private func lineMeans(radius: Int, along: Int, across: Int) -> SquarePlane {
    let (last, width) = (side - 1, Float(2 * radius + 1))
    let means = [Float](unsafeUninitializedCapacity: values.count) { target, count in
      values.withUnsafeBufferPointer { source in
        for line in 0..<side {
          let start = line * across
          var sum = (-radius...radius).reduce(Float(0)) { $0 + source[start + min(max($1, 0), last) * along] }
          for place in 0..<side {
            target[start + place * along] = sum / width
            sum += source[start + min(place + radius + 1, last) * along]
            sum -= source[start + max(place - radius, 0) * along]
          }
        }
      }
      count = values.count
    }
    return SquarePlane(values: means, side: side)
  }

  /// The image moved by parts of its side, bilinear; the border's pixels go on beyond it.
  func moved(right: Float, down: Float) -> SquarePlane {
    let last = Float(side - 1)
    let (dx, dy) = (right * Float(side), down * Float(side))
    return SquarePlane(
      values: (0..<side * side).map { index in
        let x = min(max(Float(index % side) - dx, 0), last)
        let y = min(max(Float(index / side) - dy, 0), last)
        let (left, top) = (min(Int(x), side - 2), min(Int(y), side - 2))
        let (across, along) = (x - Float(left), y - Float(top))
        let corner = top * side + left
        let upper = values[corner] + across * (values[corner + 1] - values[corner])
        let lower = values[corner + side] + across * (values[corner + side + 1] - values[corner + side])
        return upper + along * (lower - upper)
      }, side: side)
  }

  /// The image mirrored about a column; the border's pixels go on beyond it.
  func mirrored(about column: Int) -> SquarePlane {
    SquarePlane(
      values: (0..<side * side).map { index in
        values[index / side * side + min(max(2 * column - index % side, 0), side - 1)]
      }, side: side)
  }

  /// The column about which the image is most symmetric, from 0.42 to 0.58 of the side: the middle of the chest.
  var midline: Int {
    let reach = Int(0.36 * Float(side))
    let rows = Int(0.15 * Float(side))..<Int(0.6 * Float(side))
    var best = (column: side / 2, difference: Float.infinity)
    for column in Int(0.42 * Float(side))...Int(0.58 * Float(side)) {
      var difference: Float = 0
      for row in rows {
        let start = row * side
        for distance in 1...reach {
          difference += abs(
            values[start + max(column - distance, 0)] - values[start + min(column + distance, side - 1)])
        }
      }
      if difference < best.difference { best = (column, difference) }
    }
    return best.column
  }

  /// A quantile of the values in a square of the image, in parts of the side.
  func quantile(_ part: Float, inside range: ClosedRange<Float>) -> Float {
    let kept = Int(range.lowerBound * Float(side))..<Int(range.upperBound * Float(side))
    let sorted = kept.flatMap { row in values[row * side + kept.lowerBound..<row * side + kept.upperBound] }.sorted()
    return sorted[min(Int(part * Float(sorted.count)), sorted.count - 1)]
  }
}
