import Foundation
import ImageFiles

/// A keyed spread-spectrum watermark (Cox et al. 1997) that pictures carry into other formats and programs: a pattern of
/// many frequencies of equal strength whose phases come from a key, weak where the picture is smooth or dark.
///
/// It says that Thorax drew a picture, and three bytes more. It holds what of the picture's text is lost when it is
/// copied: it does not prove who drew it, which a signature does.
public struct Watermark: Sendable {
  /// The peak signal-to-noise ratio of a marked picture to the unmarked one, in decibels.
  public static let strength = 44.0
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
    // The pattern is that of a square, of which another shape shows the upper left part.
    let side = max(image.width, image.height)
    let pattern = Self.patterns.pattern(WatermarkPatterns.Name(key: key, payload: payload, side: side))
    let plane = GrayscalePlane(image)
    // The pattern, as strong as it may be at each pixel.
    var waves = Self.weights(plane, scale: max(1, Double(side) / 256))
    var power: Double = 0
    waves.withUnsafeMutableBufferPointer { waves in
      pattern.withUnsafeBufferPointer { pattern in
        for y in 0..<image.height {
          for x in 0..<image.width {
            let wave = pattern[y * side + x] * waves[y * image.width + x]
            waves[y * image.width + x] = wave
            power += Double(wave * wave)
          }
        }
      }
    }
    let target = 255 / pow(10, Self.strength / 20)
    guard power > 0 else { return image }
    var gain = target / (power / Double(waves.count)).squareRoot()
    var pixels = image.pixels
    // Rounding and the ends of the scale change the error, which a second look corrects.
    for _ in 0..<2 {
      let squares = Self.add(waves, gain: Float(gain), to: plane.values, &pixels)
      let error = (squares / Double(waves.count)).squareRoot()
      if error <= target * 1.002 { break }
      gain *= target / error * 0.999
    }
    return (try? GrayscaleImage(width: image.width, height: image.height, pixels: pixels)) ?? image
  }

  /// Writes the grey levels nearest to `values` and `waves` times `gain`, and returns the sum of the squared differences to
  /// `values`.
  private static func add(_ waves: [Float], gain: Float, to values: [Float], _ pixels: inout [UInt8]) -> Double {
    var squares: Double = 0
    waves.withUnsafeBufferPointer { waves in
      values.withUnsafeBufferPointer { values in
        pixels.withUnsafeMutableBufferPointer { pixels in
          for index in 0..<values.count {
            let value = values[index]
            let wanted = min(max(value + gain * waves[index], 0), 255)
            // As `rounded()`, which without SSE 4.1 is a call for each pixel.
            let whole = Int32(wanted)
            let level = wanted - Float(whole) >= 0.5 ? whole + 1 : whole
            pixels[index] = UInt8(truncatingIfNeeded: level)
            let difference = Float(level) - value
            squares += Double(difference * difference)
          }
        }
      }
    }
    return squares
  }

  /// How strong the pattern may be at each pixel: little where the picture is smooth or black.
  private static func weights(_ plane: GrayscalePlane, scale: Double) -> [Float] {
    func radius(_ pixels: Double) -> Int { max(1, Int((pixels * scale).rounded())) }
    let mean = plane.blurred(radius: radius(6))
    var squares = plane
    squares.merge(mean) { value, mean in (value - mean) * (value - mean) }
    var weights = squares.blurred(radius: radius(6))
    weights.merge(plane.blurred(radius: radius(4))) { variance, brightness in
      let texture = min(max(0.35 + max(variance, 0).squareRoot() / 12, 0.35), 2.2)
      return texture * min(max(brightness / 25, 0.15), 1)
    }
    return weights.values
  }

  private static let patterns = WatermarkPatterns()
}

/// The patterns of the last watermarks, of variance 1: all pictures of a model have the same.
private final class WatermarkPatterns: @unchecked Sendable {
  struct Name: Hashable {
    let key: WatermarkKey
    let payload: [UInt8]
    let side: Int
  }

  // Guarded by `lock`.
  private var patterns: [Name: [Float]] = [:]
  private let lock = NSLock()

  func pattern(_ name: Name) -> [Float] {
    if let known = lock.withLock({ patterns[name] }) { return known }
    var pattern = BandTransform(side: name.side).backward(Self.spectrum(name))
    let power = pattern.reduce(0) { $0 + Double($1 * $1) } / Double(pattern.count)
    let scale = Float(1 / power.squareRoot())
    for index in pattern.indices { pattern[index] *= scale }
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
