import Foundation
import ImageFiles

/// Looks for a watermark in a picture that may have been cropped, turned a little, compressed, reduced or windowed.
public struct WatermarkDetector: Sendable {
  /// What was found.
  public struct Finding: Sendable, Equatable {
    /// An upper bound on the probability that a picture which does not know the key looks marked like this one.
    public var falsePositiveRate: Double
    /// The payload; nil if it cannot be read.
    public var payload: [UInt8]?
    /// By how many degrees the picture was turned.
    public var angle: Double

    /// Whether the picture is taken for marked.
    public var isFound: Bool { falsePositiveRate <= WatermarkDetector.threshold }
  }

  /// The share of unmarked pictures that may be taken for marked.
  public static let threshold = 1e-6

  /// The side that pictures are brought to, in pixels.
  private static let side = 256
  /// In degrees; between two of them the pattern is found, too.
  private static let angles = [0, -0.75, 0.75, -1.5, 1.5, -2.25, 2.25, -3, 3]
  /// The shares of the side that a crop may have kept before it was brought back to the old size; between two of them the
  /// pattern is found, too.
  private static let crops = stride(from: 0.994, to: 0.7, by: -0.006)

  /// How a picture is held against the pattern.
  private struct Pose {
    /// In degrees.
    var angle = 0.0
    /// The share of the side that the picture is taken for.
    var crop = 1.0
  }

  private let poses: [Pose]
  private let band: WatermarkBand
  private let transform = BandTransform(side: side)
  private let located: [Float]
  /// By byte and value.
  private let byteAngles: [[[Float]]]

  /// - Parameter thorough: Also look for crops to at least half of the area that were brought back to the old size, which
  ///   takes six times as long where nothing is found.
  public init(key: WatermarkKey = .common, thorough: Bool = false) {
    poses = Self.angles.map { Pose(angle: $0) } + (thorough ? Self.crops.map { Pose(crop: $0) } : [])
    let band = WatermarkBand(key)
    self.band = band
    located = key.angles("located", count: band.located.count)
    byteAngles = (0..<WatermarkBand.symbols).map { byte in
      (0...255).map { band.angles(key, byte: byte, value: UInt8($0)) }
    }
  }

  /// The likeliest place of a watermark, and how sure it is.
  public func find(in image: GrayscaleImage) -> Finding {
    let planes = Self.candidates(GrayscalePlane(image))
    // Every place of the pattern, at every angle and size, is a chance to be wrong.
    let chances = Double(planes.count * poses.count * Self.side * Self.side)
    var best = (score: -Double.infinity, angle: 0.0, spectrum: BandTransform.Spectrum(), shift: 0)
    search: for pose in poses {
      for plane in planes {
        let spectrum = whitened(plane.turned(by: pose.angle).scaled(by: pose.crop))
        let (score, shift) = bestShift(spectrum)
        if score > best.score { best = (score, pose.angle, spectrum, shift) }
        if Self.falsePositiveRate(score, chances: chances) < Self.threshold / 1000 { break search }
      }
    }
    let rate = Self.falsePositiveRate(best.score, chances: chances)
    let payload = rate <= Self.threshold ? payload(best.spectrum, shift: best.shift) : nil
    return Finding(falsePositiveRate: rate, payload: payload, angle: best.angle)
  }

  /// A picture as it is, if it may be a part of a larger one, and brought to the side of the pattern.
  private static func candidates(_ plane: GrayscalePlane) -> [GrayscalePlane] {
    let longer = max(plane.width, plane.height)
    guard longer >= 32 else { return [] }
    let whole = plane.scaled(by: Double(side) / Double(longer))
    return longer < side ? [plane, whole] : [whole]
  }

  /// For a picture that does not know the key, and every choice of weights, the score is a sum of independent cosines of
  /// uniform angles over the root of half their squares: exp(-s^2 / 2) bounds its chance to exceed s (Hoeffding 1963; the
  /// moment generating function of a cosine of a uniform angle is I0(t) <= exp(t^2 / 4)).
  static func falsePositiveRate(_ score: Double, chances: Double) -> Double {
    guard score > 0, chances > 0 else { return 1 }
    return min(1, chances * exp(-score * score / 2))
  }

  /// The spectrum with every frequency about as strong as the others, of a picture whose contrast is about the same
  /// everywhere: so no part of it and no frequency drowns the others.
  private func whitened(_ plane: GrayscalePlane) -> BandTransform.Spectrum {
    let side = Self.side
    let mean = plane.blurred(radius: 4)
    var flat = plane
    for index in flat.values.indices { flat.values[index] -= mean.values[index] }
    var squares = flat
    for index in squares.values.indices { squares.values[index] *= squares.values[index] }
    let variance = squares.blurred(radius: 8)
    var padded = [Float](repeating: 0, count: side * side)
    func taper(_ place: Int, _ count: Int) -> Float { min(1, Float(min(place, count - 1 - place)) / 8) }
    for y in 0..<min(side, plane.height) {
      for x in 0..<min(side, plane.width) {
        let index = y * plane.width + x
        padded[y * side + x] =
          flat.values[index] / (max(variance.values[index], 0).squareRoot() + 1) * taper(x, plane.width)
          * taper(y, plane.height)
      }
    }
    var spectrum = transform.forward(padded)
    let columns = WatermarkBand.columns
    let magnitude = GrayscalePlane(
      width: columns, height: WatermarkBand.rows,
      values: zip(spectrum.real, spectrum.imaginary).map { ($0 * $0 + $1 * $1).squareRoot() })
    let level = magnitude.blurred(radius: 2)
    for index in spectrum.real.indices {
      let scale = 1 / (level.values[index] + .leastNormalMagnitude)
      spectrum.real[index] *= scale
      spectrum.imaginary[index] *= scale
    }
    return spectrum
  }

  /// The place at which the pattern fits best, and how well.
  private func bestShift(_ spectrum: BandTransform.Spectrum) -> (score: Double, shift: Int) {
    var product = BandTransform.Spectrum()
    var squares: Double = 0
    for (place, angle) in zip(band.located, located) {
      let (real, imaginary) = (spectrum.real[place], spectrum.imaginary[place])
      let (cosine, sine) = (cos(angle), sin(angle))
      product.real[place] = real * cosine + imaginary * sine
      product.imaginary[place] = imaginary * cosine - real * sine
      squares += Double(real * real + imaginary * imaginary)
    }
    guard squares > 0 else { return (0, 0) }
    let fits = transform.backward(product)
    var shift = 0
    for index in fits.indices where fits[index] > fits[shift] { shift = index }
    return (Double(fits[shift]) / (squares / 2).squareRoot(), shift)
  }

  /// The bytes whose patterns fit best at a place; nil if one of them does not stand out.
  private func payload(_ spectrum: BandTransform.Spectrum, shift: Int) -> [UInt8]? {
    let (shiftX, shiftY) = (shift % Self.side, shift / Self.side)
    let columns = WatermarkBand.columns
    var payload: [UInt8] = []
    for (byte, places) in band.bytes.enumerated() {
      var turned: [(real: Float, imaginary: Float)] = []
      var squares: Double = 0
      for place in places {
        let (x, y) = (place % columns, place / columns - WatermarkBand.highest)
        let angle = 2 * Double.pi * Double(x * shiftX + y * shiftY) / Double(Self.side)
        let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
        let (real, imaginary) = (spectrum.real[place], spectrum.imaginary[place])
        turned.append((real * cosine - imaginary * sine, imaginary * cosine + real * sine))
        squares += Double(real * real + imaginary * imaginary)
      }
      var best = (score: -Float.infinity, value: 0)
      for (value, angles) in byteAngles[byte].enumerated() {
        var sum: Float = 0
        for (index, angle) in angles.enumerated() {
          sum += turned[index].real * cos(angle) + turned[index].imaginary * sin(angle)
        }
        if sum > best.score { best = (sum, value) }
      }
      // One of 256 values, wrongly in one of a million.
      guard squares > 0, Double(best.score) / (squares / 2).squareRoot() > 6 else { return nil }
      payload.append(UInt8(best.value))
    }
    return payload
  }
}
