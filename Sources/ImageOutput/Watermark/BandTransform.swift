import Foundation

/// The Fourier transform of a square image at the band's frequencies, and back, as products of matrices.
struct BandTransform: Sendable {
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

  let side: Int
  /// Of the angles 2 pi x f / side: place x by frequency f from 0.
  private let across: Waves
  /// Of the angles 2 pi g y / side: frequency g, which may be below 0, by place y.
  private let down: Waves

  init(side: Int) {
    self.side = side
    across = Waves(rows: side, columns: WatermarkBand.columns, side: side) { $0 * $1 }
    down = Waves(rows: WatermarkBand.rows, columns: side, side: side) { ($0 - WatermarkBand.highest) * $1 }
  }

  /// Sum of x exp(-2 pi i (f x + g y) / side) at every frequency.
  func forward(_ image: [Float]) -> Spectrum {
    let image = Matrix(rows: side, columns: side, values: image)
    let (cosines, sines) = (image * across.cosines, image * across.sines)
    var spectrum = Spectrum()
    spectrum.real = (down.cosines * cosines - down.sines * sines).values
    spectrum.imaginary = (down.cosines * sines + down.sines * cosines).values.map { -$0 }
    return spectrum
  }

  /// The real part of the sum of s exp(2 pi i (f x + g y) / side) at every place.
  func backward(_ spectrum: Spectrum) -> [Float] {
    let (rows, columns) = (WatermarkBand.rows, WatermarkBand.columns)
    let real = Matrix(rows: rows, columns: columns, values: spectrum.real)
    let imaginary = Matrix(rows: rows, columns: columns, values: spectrum.imaginary)
    let (cosines, sines) = (down.cosines.transposed, down.sines.transposed)
    let (even, odd) = (cosines * real - sines * imaginary, cosines * imaginary + sines * real)
    return (even * across.cosines.transposed - odd * across.sines.transposed).values
  }
}

/// Cosines and sines of multiples of 2 pi / side.
private struct Waves: Sendable {
  let cosines: Matrix
  let sines: Matrix

  /// - Parameter multiple: Of 2 pi / `side`, by row and column.
  init(rows: Int, columns: Int, side: Int, multiple: (Int, Int) -> Int) {
    let angles = (0..<rows * columns).map { index in
      2 * Double.pi * Double(multiple(index / columns, index % columns) % side) / Double(side)
    }
    cosines = Matrix(rows: rows, columns: columns, values: angles.map { Float(cos($0)) })
    sines = Matrix(rows: rows, columns: columns, values: angles.map { Float(sin($0)) })
  }
}

/// Numbers in rows and columns, row by row.
private struct Matrix: Sendable {
  let rows: Int
  let columns: Int
  var values: [Float]

  var transposed: Matrix {
    let places = (0..<rows * columns).map { ($0 % rows) * columns + $0 / rows }
    return Matrix(rows: columns, columns: rows, values: places.map { values[$0] })
  }

  static func * (left: Matrix, right: Matrix) -> Matrix {
    let columns = right.columns
    var product = [Float](repeating: 0, count: left.rows * columns)
    left.values.withUnsafeBufferPointer { left in
      right.values.withUnsafeBufferPointer { right in
        product.withUnsafeMutableBufferPointer { product in
          for (place, factor) in left.enumerated() where factor != 0 {
            let (row, inner) = place.quotientAndRemainder(dividingBy: right.count / columns)
            for column in 0..<columns { product[row * columns + column] += factor * right[inner * columns + column] }
          }
        }
      }
    }
    return Matrix(rows: left.rows, columns: columns, values: product)
  }

  static func + (left: Matrix, right: Matrix) -> Matrix { left.merged(with: right, +) }
  static func - (left: Matrix, right: Matrix) -> Matrix { left.merged(with: right, -) }

  private func merged(with other: Matrix, _ operation: (Float, Float) -> Float) -> Matrix {
    Matrix(rows: rows, columns: columns, values: zip(values, other.values).map(operation))
  }
}
