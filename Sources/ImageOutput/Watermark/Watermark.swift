import Foundation
import ImageFiles

/// A keyed spread-spectrum watermark (Cox et al. 1997) that pictures carry into other formats and programs: a pattern of
/// many frequencies of equal strength whose phases come from a key, weak where the picture is smooth or dark.
///
/// It says that Thorax drew a picture, and three bytes more. It holds what of the picture's text is lost when it is
/// copied: it does not prove who drew it, which a signature does.
public struct Watermark: Sendable {
  /// The peak signal-to-noise ratio of a marked picture to the unmarked one, in decibels.
  public static let strength = 43.0
  /// What the texts of a file call the way of marking.
  static let version = "1"

  /// The bytes that a picture carries.
  public let payload: [UInt8]
  private let key: WatermarkKey

  /// - Parameter payload: Three bytes.
  public init(payload: [UInt8], key: WatermarkKey = .common) {
    precondition(payload.count == WatermarkBand.symbols, "a payload has \(WatermarkBand.symbols) bytes")
    self.payload = payload
    self.key = key
  }

  /// The watermark of a model's pictures: the first three bytes of its hash.
  ///
  /// - Parameter modelHash: Hexadecimal digits.
  public init(modelHash: String, key: WatermarkKey = .common) {
    self.init(payload: Self.payload(ofModel: modelHash), key: key)
  }

  static func payload(ofModel hash: String) -> [UInt8] {
    let digits = Array(hash.utf8.prefix(2 * WatermarkBand.symbols))
    return (0..<WatermarkBand.symbols).map { index in
      UInt8(String(decoding: digits.dropFirst(2 * index).prefix(2), as: UTF8.self), radix: 16) ?? 0
    }
  }

  /// A picture with the watermark: at ``strength``, or weaker where much of the picture is black or white.
  public func marked(_ image: GrayscaleImage) -> GrayscaleImage {
    let plane = GrayscalePlane(image)
    // The pattern, as strong as it may be at each pixel.
    var waves = Self.weights(plane, scale: max(1, Double(max(image.width, image.height)) / 256))
    waves.merge(
      Self.patterns.pattern(
        WatermarkPatterns.Name(key: key, payload: payload, width: image.width, height: image.height)), *)
    let power = waves.sumOfSquares
    let count = Double(waves.values.count)
    let target = 255 / pow(10, Self.strength / 20)
    guard power > 0 else { return image }
    var gain = target / (power / count).squareRoot()
    var pixels = image.pixels
    // Rounding and the ends of the scale change the error, which a second look corrects.
    for _ in 0..<2 {
      let error = (Self.add(waves, gain: Float(gain), to: plane, &pixels).sumOfSquares / count).squareRoot()
      if error <= target * 1.002 { break }
      gain *= target / error * 0.999
    }
    return (try? GrayscaleImage(width: image.width, height: image.height, pixels: pixels)) ?? image
  }

  /// Writes the grey levels nearest to `plane` and `waves` times `gain`, and returns their differences to `plane`.
  private static func add(
    _ waves: GrayscalePlane, gain: Float, to plane: GrayscalePlane, _ pixels: inout [UInt8]
  ) -> GrayscalePlane {
    // From here on floats are whole numbers apart: adding it rounds, and leaves the number in the lowest bits.
    let whole: Float = 0x1p23
    var differences = waves
    differences.merge(plane) { wave, value in min(max(value + gain * wave, 0), 255) + whole }
    differences.values.withUnsafeBufferPointer { levels in
      pixels.withUnsafeMutableBufferPointer { pixels in
        for index in 0..<levels.count { pixels[index] = UInt8(truncatingIfNeeded: levels[index].bitPattern) }
      }
    }
    differences.merge(plane) { level, value in (level - whole) - value }
    return differences
  }

  /// How strong the pattern may be at each pixel: little where the picture is smooth or black.
  private static func weights(_ plane: GrayscalePlane, scale: Double) -> GrayscalePlane {
    func radius(_ pixels: Double) -> Int { max(1, Int((pixels * scale).rounded())) }
    let mean = plane.blurred(radius: radius(6))
    var squares = plane
    squares.merge(mean) { value, mean in (value - mean) * (value - mean) }
    var weights = squares.blurred(radius: radius(6))
    weights.merge(plane.blurred(radius: radius(4))) { variance, brightness in
      let texture = min(max(0.35 + max(variance, 0).squareRoot() / 12, 0.35), 2.2)
      return texture * min(max(brightness / 25, 0.15), 1)
    }
    return weights
  }

  private static let patterns = WatermarkPatterns()
}

/// The patterns of the last watermarks, of variance 1: all pictures of a model have the same.
private final class WatermarkPatterns: @unchecked Sendable {
  struct Name: Hashable {
    let key: WatermarkKey
    let payload: [UInt8]
    let width: Int
    let height: Int
  }

  // Guarded by `lock`.
  private var patterns: [Name: GrayscalePlane] = [:]
  private let lock = NSLock()

  /// That of a square, of which another shape shows the upper left part.
  func pattern(_ name: Name) -> GrayscalePlane {
    if let known = lock.withLock({ patterns[name] }) { return known }
    let side = max(name.width, name.height)
    let square = GrayscalePlane(
      width: side, height: side, values: BandTransform(side: side).backward(Self.spectrum(name)))
    let scale = Float(1 / (square.sumOfSquares / Double(side * side)).squareRoot())
    let pattern = GrayscalePlane(
      width: name.width, height: name.height,
      values: (0..<name.height).flatMap { y in square.values[y * side..<y * side + name.width].map { $0 * scale } })
    lock.withLock {
      if patterns.count >= 8 { patterns.removeAll() }
      patterns[name] = pattern
    }
    return pattern
  }

  private static func spectrum(_ name: Name) -> BandTransform.Spectrum {
    let band = WatermarkBand(name.key)
    var spectrum = BandTransform.Spectrum()
    for (place, angle) in zip(band.located, name.key.angles("located", count: band.located.count)) {
      spectrum.set(place, angle: angle)
    }
    for (index, value) in name.payload.enumerated() {
      for (place, angle) in zip(band.bytes[index], band.angles(name.key, byte: index, value: value)) {
        spectrum.set(place, angle: angle)
      }
    }
    return spectrum
  }
}
