import Foundation
import ImageFiles

/// Grey levels as numbers, row by row: what the watermark's arithmetic works on.
struct GrayscalePlane: Sendable {
  var width: Int
  var height: Int
  var values: [Float]

  init(width: Int, height: Int, values: [Float]) {
    self.width = width
    self.height = height
    self.values = values
  }

  init(_ image: GrayscaleImage) {
    self.init(width: image.width, height: image.height, values: image.pixels.map(Float.init))
  }

  /// Puts at each pixel what `operation` makes of it and of the same pixel of another plane of this size.
  mutating func merge(_ other: GrayscalePlane, _ operation: (Float, Float) -> Float) {
    values.withUnsafeMutableBufferPointer { values in
      other.values.withUnsafeBufferPointer { other in
        for index in 0..<values.count { values[index] = operation(values[index], other[index]) }
      }
    }
  }

  /// The mean over squares of `2 radius + 1` pixels a side, twice, which is close to a Gaussian. Beyond the border the
  /// nearest pixel counts.
  func blurred(radius: Int) -> GrayscalePlane {
    var plane = self
    for _ in 0..<2 {
      plane = plane.rowMeans(radius: radius).columnMeans(radius: radius)
    }
    return plane
  }

  private func rowMeans(radius: Int) -> GrayscalePlane {
    var result = self
    let scale = 1 / Float(2 * radius + 1)
    values.withUnsafeBufferPointer { values in
      result.values.withUnsafeMutableBufferPointer { result in
        for y in 0..<height {
          let row = y * width
          func at(_ x: Int) -> Float { values[row + min(max(x, 0), width - 1)] }
          var sum: Float = 0
          for x in -radius...radius { sum += at(x) }
          for x in 0..<width {
            result[row + x] = sum * scale
            sum += at(x + radius + 1) - at(x - radius)
          }
        }
      }
    }
    return result
  }

  /// The same down the columns: all columns of a row at once, which the processor adds many at a time.
  private func columnMeans(radius: Int) -> GrayscalePlane {
    var result = self
    let scale = 1 / Float(2 * radius + 1)
    values.withUnsafeBufferPointer { values in
      result.values.withUnsafeMutableBufferPointer { result in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { sums in
          sums.initialize(repeating: 0)
          func row(_ y: Int) -> Int { min(max(y, 0), height - 1) * width }
          for y in -radius...radius {
            let row = row(y)
            for x in 0..<width { sums[x] += values[row + x] }
          }
          for y in 0..<height {
            let (row, next, last) = (y * width, row(y + radius + 1), row(y - radius))
            for x in 0..<width {
              result[row + x] = sums[x] * scale
              sums[x] += values[next + x] - values[last + x]
            }
          }
        }
      }
    }
    return result
  }

  /// Turned about its centre by an angle in degrees, counter-clockwise as seen; the size stays.
  func turned(by degrees: Double) -> GrayscalePlane {
    if degrees == 0 { return self }
    let angle = degrees * .pi / 180
    let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
    let (centreX, centreY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    var result = self
    for y in 0..<height {
      for x in 0..<width {
        let (dx, dy) = (Float(x) - centreX, Float(y) - centreY)
        result.values[y * width + x] = interpolated(
          x: centreX + cosine * dx - sine * dy, y: centreY + sine * dx + cosine * dy)
      }
    }
    return result
  }

  /// Another size; where that is smaller, after a blur that keeps what it can hold.
  func resized(width newWidth: Int, height newHeight: Int) -> GrayscalePlane {
    if newWidth == width, newHeight == height { return self }
    let (scaleX, scaleY) = (Float(width) / Float(newWidth), Float(height) / Float(newHeight))
    let radius = Int((min(scaleX, scaleY) / 2).rounded(.down))
    let source = radius > 0 ? rowMeans(radius: radius).columnMeans(radius: radius) : self
    var values = [Float](repeating: 0, count: newWidth * newHeight)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        values[y * newWidth + x] = source.interpolated(
          x: (Float(x) + 0.5) * scaleX - 0.5, y: (Float(y) + 0.5) * scaleY - 0.5)
      }
    }
    return GrayscalePlane(width: newWidth, height: newHeight, values: values)
  }

  /// Both sides, times a factor.
  func scaled(by factor: Double) -> GrayscalePlane {
    func side(_ side: Int) -> Int { max(1, Int((Double(side) * factor).rounded())) }
    return resized(width: side(width), height: side(height))
  }

  /// Between the four nearest pixels; beyond the border the nearest counts.
  private func interpolated(x: Float, y: Float) -> Float {
    let (x, y) = (min(max(x, 0), Float(width - 1)), min(max(y, 0), Float(height - 1)))
    let (left, top) = (Int(x), Int(y))
    let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
    let (shareX, shareY) = (x - Float(left), y - Float(top))
    let upper = values[top * width + left] * (1 - shareX) + values[top * width + right] * shareX
    let lower = values[bottom * width + left] * (1 - shareX) + values[bottom * width + right] * shareX
    return upper * (1 - shareY) + lower * shareY
  }
}
