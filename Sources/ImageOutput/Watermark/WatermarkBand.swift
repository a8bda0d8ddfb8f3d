import Foundation

/// The frequencies that carry the watermark: the middle ones, which JPEG and halving keep and the eye hardly sees, in one
/// half of the plane, since the other half of a real image's spectrum mirrors it.
struct WatermarkBand: Sendable {
  /// In cycles over the image's side.
  static let lowest = 12
  static let highest = 56
  /// Columns of the transform, from 0; rows go from -`highest` to `highest`.
  static let columns = highest + 1
  static let rows = 2 * highest + 1
  /// Bytes of the payload.
  static let symbols = 3

  /// Places in the transform, row by row, of the frequencies by which the watermark is found and its place.
  let located: [Int]
  /// The same of those that hold a byte of the payload each.
  let bytes: [[Int]]

  /// - Parameter key: Decides which frequency serves what.
  init(_ key: WatermarkKey) {
    var places: [Int] = []
    for y in -Self.highest...Self.highest {
      for x in 0...Self.highest where x > 0 || y > 0 {
        let square = x * x + y * y
        if square >= Self.lowest * Self.lowest, square < Self.highest * Self.highest {
          places.append((y + Self.highest) * Self.columns + x)
        }
      }
    }
    var located: [Int] = []
    var bytes = [[Int]](repeating: [], count: Self.symbols)
    // One half finds, each byte has a third of the other half.
    for (place, word) in zip(places, key.words("frequencies", count: places.count)) {
      let part = Int(word % UInt32(2 * Self.symbols))
      if part < Self.symbols { located.append(place) } else { bytes[part - Self.symbols].append(place) }
    }
    self.located = located
    self.bytes = bytes
  }

  /// The angles of a byte's frequencies for each value that it can have.
  func angles(_ key: WatermarkKey, byte: Int, value: UInt8) -> [Float] {
    key.angles("byte \(byte) is \(value)", count: bytes[byte].count)
  }
}

/// The Fourier transform of a square image at the band's frequencies, and back.
struct BandTransform: Sendable {
  let side: Int
  /// Of the angle 2 pi x f / side, by place x and frequency f from 0.
  private let cosines: [Float]
  private let sines: [Float]

  init(side: Int) {
    self.side = side
    let columns = WatermarkBand.columns
    var cosines = [Float](repeating: 0, count: side * columns)
    var sines = cosines
    for place in 0..<side {
      for frequency in 0..<columns {
        let angle = 2 * Double.pi * Double(place * frequency % side) / Double(side)
        cosines[place * columns + frequency] = Float(cos(angle))
        sines[place * columns + frequency] = Float(sin(angle))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }

  /// Sum of x exp(-2 pi i (f x + g y) / side) at every frequency.
  func forward(_ image: [Float]) -> Spectrum {
    let columns = WatermarkBand.columns
    let highest = WatermarkBand.highest
    var result = Spectrum()
    var real = [Float](repeating: 0, count: columns)
    var imaginary = real
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        image.withUnsafeBufferPointer { image in
          real.withUnsafeMutableBufferPointer { real in
            imaginary.withUnsafeMutableBufferPointer { imaginary in
              result.real.withUnsafeMutableBufferPointer { resultReal in
                result.imaginary.withUnsafeMutableBufferPointer { resultImaginary in
                  for y in 0..<side {
                    for f in 0..<columns {
                      real[f] = 0
                      imaginary[f] = 0
                    }
                    for x in 0..<side {
                      let value = image[y * side + x]
                      if value == 0 { continue }
                      let table = x * columns
                      for f in 0..<columns {
                        real[f] += value * cosines[table + f]
                        imaginary[f] -= value * sines[table + f]
                      }
                    }
                    for g in -highest...highest {
                      let cosine = cosines[y * columns + abs(g)]
                      let sine = g < 0 ? -sines[y * columns - g] : sines[y * columns + g]
                      let row = (g + highest) * columns
                      for f in 0..<columns {
                        resultReal[row + f] += real[f] * cosine + imaginary[f] * sine
                        resultImaginary[row + f] += imaginary[f] * cosine - real[f] * sine
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// The real part of the sum of s exp(2 pi i (f x + g y) / side) at every place.
  func backward(_ spectrum: Spectrum) -> [Float] {
    let columns = WatermarkBand.columns
    let highest = WatermarkBand.highest
    var image = [Float](repeating: 0, count: side * side)
    var real = [Float](repeating: 0, count: columns)
    var imaginary = real
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        image.withUnsafeMutableBufferPointer { image in
          real.withUnsafeMutableBufferPointer { real in
            imaginary.withUnsafeMutableBufferPointer { imaginary in
              spectrum.real.withUnsafeBufferPointer { spectrumReal in
                spectrum.imaginary.withUnsafeBufferPointer { spectrumImaginary in
                  for y in 0..<side {
                    for f in 0..<columns {
                      real[f] = 0
                      imaginary[f] = 0
                    }
                    for g in -highest...highest {
                      let cosine = cosines[y * columns + abs(g)]
                      let sine = g < 0 ? -sines[y * columns - g] : sines[y * columns + g]
                      let row = (g + highest) * columns
                      for f in 0..<columns {
                        real[f] += spectrumReal[row + f] * cosine - spectrumImaginary[row + f] * sine
                        imaginary[f] += spectrumImaginary[row + f] * cosine + spectrumReal[row + f] * sine
                      }
                    }
                    for x in 0..<side {
                      let table = x * columns
                      var sum: Float = 0
                      for f in 0..<columns {
                        sum += real[f] * cosines[table + f] - imaginary[f] * sines[table + f]
                      }
                      image[y * side + x] = sum
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return image
  }

  /// Complex values at the frequencies of ``WatermarkBand``, row by row.
  struct Spectrum: Sendable {
    var real = [Float](repeating: 0, count: WatermarkBand.rows * WatermarkBand.columns)
    var imaginary = [Float](repeating: 0, count: WatermarkBand.rows * WatermarkBand.columns)

    /// A value of length 1.
    mutating func set(_ place: Int, angle: Float) {
      real[place] = cos(angle)
      imaginary[place] = sin(angle)
    }
  }
}
