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

  /// Eight values at a time: a sum of numbers one by one waits for each.
  var sumOfSquares: Double {
    values.withUnsafeBufferPointer { values in
      var sums = SIMD8<Double>()
      let whole = values.count / 8 * 8
      for start in stride(from: 0, to: whole, by: 8) {
        var lanes = SIMD8<Double>()
        for lane in 0..<8 { lanes[lane] = Double(values[start + lane]) }
        sums += lanes * lanes
      }
      return values[whole...].reduce(sums.sum()) { $0 + Double($1) * Double($1) }
    }
  }

  /// The mean over squares of `2 radius + 1` pixels a side, twice, which is close to a Gaussian. Beyond the border the
  /// nearest pixel counts.
  func blurred(radius: Int) -> GrayscalePlane {
    rowMeans(radius: radius, times: 2).columnMeans(radius: radius).columnMeans(radius: radius)
  }

  /// A plane of this size of which `write` gives every value from those of this one.
  private func replaced(
    _ write: (_ values: UnsafeBufferPointer<Float>, _ result: UnsafeMutableBufferPointer<Float>) -> Void
  ) -> GrayscalePlane {
    GrayscalePlane(
      width: width, height: height,
      values: [Float](unsafeUninitializedCapacity: values.count) { result, count in
        values.withUnsafeBufferPointer { write($0, result) }
        count = values.count
      })
  }

  /// Eight rows at a time: each value waits for the one to its left, but not for those of other rows.
  private func rowMeans(radius: Int, times: Int = 1) -> GrayscalePlane {
    replaced { values, result in
      var rows = RowLanes(width: width, radius: radius)
      for top in stride(from: 0, to: height, by: RowLanes.count) {
        let lanes = min(RowLanes.count, height - top)
        for lane in 0..<lanes { rows.read(values, at: (top + lane) * width, into: lane) }
        for _ in 0..<times { rows.replaceByMeans() }
        for lane in 0..<lanes { rows.write(lane, to: result, at: (top + lane) * width) }
      }
    }
  }

  /// The same down the columns: all columns of a row at once, which the processor adds many at a time.
  private func columnMeans(radius: Int) -> GrayscalePlane {
    let scale = 1 / Float(2 * radius + 1)
    return replaced { values, result in
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

/// Eight rows side by side, for sums along them.
private struct RowLanes {
  typealias Lanes = SIMD8<Float>
  static let count = Lanes.scalarCount

  private let width: Int
  private let radius: Int
  /// A row's values, with `radius` more before and behind.
  private var padded: [Lanes]
  private var means: [Lanes]

  init(width: Int, radius: Int) {
    (self.width, self.radius) = (width, radius)
    padded = Array(repeating: Lanes(), count: width + 2 * radius)
    means = padded
  }

  mutating func read(_ values: UnsafeBufferPointer<Float>, at start: Int, into lane: Int) {
    padded.withUnsafeMutableBufferPointer { padded in
      for x in 0..<width { padded[radius + x][lane] = values[start + x] }
    }
  }

  func write(_ lane: Int, to values: UnsafeMutableBufferPointer<Float>, at start: Int) {
    padded.withUnsafeBufferPointer { padded in
      for x in 0..<width { values[start + x] = padded[radius + x][lane] }
    }
  }

  /// Puts in the place of each value the mean of those at most `radius` away. Beyond the ends the nearest counts.
  mutating func replaceByMeans() {
    let scale = 1 / Float(2 * radius + 1)
    let (width, radius) = (width, radius)
    padded.withUnsafeMutableBufferPointer { padded in
      means.withUnsafeMutableBufferPointer { means in
        for place in 0..<radius {
          padded[place] = padded[radius]
          padded[radius + width + place] = padded[radius + width - 1]
        }
        var sum = Lanes()
        for place in 0..<2 * radius { sum += padded[place] }
        for x in 0..<width {
          sum += padded[x + 2 * radius]
          means[radius + x] = sum * scale
          sum -= padded[x]
        }
      }
    }
    swap(&padded, &means)
  }
}
