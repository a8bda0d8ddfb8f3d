import Foundation
import ImageFiles

/// What the gate sees of an image: its structure, whatever its brightness, contrast and gamma.
///
/// 64 x 64 pixels, from which the local mean is taken and which are divided by the local deviation (Gaussians of 6
/// pixels), smoothed once more (0.8 pixels). Comparing them under small shifts and changes of size undoes what a copy may
/// have gone through.
struct GateDescriptor: Sendable {
  static let side = 64
  private static let localSigma: Float = 6
  private static let smoothing: Float = 0.8

  /// `side * side` values, row by row.
  let field: [Float]
  /// The same at half the width and height, for the search.
  let coarseField: [Float]

  init(_ image: GrayscaleImage) throws(ImageFileError) {
    let side = Self.side
    let plane = try GrayPlane(image).square(size: side)
    var values = plane.values.map { $0 / 255 }
    let mean = Self.blurred(values, sigma: Self.localSigma)
    for index in values.indices { values[index] -= mean[index] }
    let variance = Self.blurred(values.map { $0 * $0 }, sigma: Self.localSigma)
    // The least deviation keeps the noise of a flat ground from becoming structure.
    for index in values.indices { values[index] /= max(variance[index], 0).squareRoot() + 0.02 }
    let field = Self.blurred(values, sigma: Self.smoothing)
    self.field = field
    let half = side / 2
    coarseField = (0..<half * half).map { index in
      let corner = (index / half) * 2 * side + (index % half) * 2
      return (field[corner] + field[corner + 1] + field[corner + side] + field[corner + side + 1]) / 4
    }
  }

  /// Values smoothed by a Gaussian; those at the border are repeated beyond it.
  private static func blurred(_ values: [Float], sigma: Float) -> [Float] {
    let radius = Int(3 * sigma + 0.5)
    var weights = (-radius...radius).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
    let total = weights.reduce(0, +)
    for index in weights.indices { weights[index] /= total }
    let side = side
    var across = [Float](repeating: 0, count: side * side)
    var result = [Float](repeating: 0, count: side * side)
    values.withUnsafeBufferPointer { source in
      weights.withUnsafeBufferPointer { weights in
        for y in 0..<side {
          for x in 0..<side {
            var sum: Float = 0
            for tap in 0...2 * radius {
              sum += weights[tap] * source[y * side + min(max(x + tap - radius, 0), side - 1)]
            }
            across[y * side + x] = sum
          }
        }
      }
    }
    across.withUnsafeBufferPointer { source in
      weights.withUnsafeBufferPointer { weights in
        for y in 0..<side {
          for x in 0..<side {
            var sum: Float = 0
            for tap in 0...2 * radius {
              sum += weights[tap] * source[min(max(y + tap - radius, 0), side - 1) * side + x]
            }
            result[y * side + x] = sum
          }
        }
      }
    }
    return result
  }
}

/// How an image is laid over another: its size about the middle, and a shift in pixels of the descriptor.
struct GateAlignment: Sendable, Equatable {
  var scale: Float
  var down: Float
  var right: Float

  static let identity = GateAlignment(scale: 1, down: 0, right: 0)

  /// What the search tries: five sizes, five shifts each way, of up to 4 of 64 pixels.
  static let coarse: [GateAlignment] = [0.92, 0.96, 1, 1.04, 1.08].flatMap { scale in
    stride(from: -4, through: 4, by: 2).flatMap { down in
      stride(from: -4, through: 4, by: 2).map { right in
        GateAlignment(scale: scale, down: Float(down), right: Float(right))
      }
    }
  }

  /// The alignment and its neighbours.
  func neighbours(scale step: Float, shift: Float) -> [GateAlignment] {
    [-1, 0, 1].flatMap { (size: Float) in
      [-1, 0, 1].flatMap { (down: Float) in
        [-1, 0, 1].map { (right: Float) in
          GateAlignment(
            scale: scale + size * step, down: self.down + down * shift, right: self.right + right * shift)
        }
      }
    }
  }
}

/// The middle of a field of values, sampled as an alignment lays it, without its mean and of length 1: the product of two
/// is their correlation.
struct GateWindow {
  /// The field's width and height.
  let side: Int
  /// Pixels at each border that are left out, so that shifts bring nothing in from outside.
  var margin: Int { side / 8 }
  var width: Int { side - 2 * margin }
  var count: Int { width * width }

  /// Writes the window into `target`.
  func sample(
    _ field: UnsafeBufferPointer<Float>, _ alignment: GateAlignment, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let middle = Float(side) / 2
    let ratio = Float(side) / Float(GateDescriptor.side)
    let limit = Float(side - 1)
    var sum: Float = 0
    for row in 0..<width {
      let y = alignment.scale * (Float(row + margin) + 0.5 - middle) + middle + alignment.down * ratio - 0.5
      let clampedY = min(max(y, 0), limit)
      let top = min(Int(clampedY), side - 2)
      let fractionY = clampedY - Float(top)
      for column in 0..<width {
        let x = alignment.scale * (Float(column + margin) + 0.5 - middle) + middle + alignment.right * ratio - 0.5
        let clampedX = min(max(x, 0), limit)
        let left = min(Int(clampedX), side - 2)
        let fractionX = clampedX - Float(left)
        let start = top * side + left
        let above = field[start] * (1 - fractionX) + field[start + 1] * fractionX
        let below = field[start + side] * (1 - fractionX) + field[start + side + 1] * fractionX
        let value = above * (1 - fractionY) + below * fractionY
        target[row * width + column] = value
        sum += value
      }
    }
    let mean = sum / Float(count)
    var squares: Float = 0
    for index in 0..<count {
      target[index] -= mean
      squares += target[index] * target[index]
    }
    let length = max(squares.squareRoot(), 1e-6)
    for index in 0..<count { target[index] /= length }
  }

  func samples(_ field: [Float], _ alignments: [GateAlignment]) -> [Float] {
    [Float](unsafeUninitializedCapacity: alignments.count * count) { target, filled in
      field.withUnsafeBufferPointer { field in
        for (index, alignment) in alignments.enumerated() {
          sample(
            field, alignment,
            into: UnsafeMutableBufferPointer(rebasing: target[index * count..<(index + 1) * count]))
        }
      }
      filled = alignments.count * count
    }
  }
}
