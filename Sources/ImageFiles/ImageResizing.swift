/// What becomes of an image whose sides differ, where a square is asked for.
public enum SquareFit: String, Sendable, CaseIterable, Codable {
  /// The largest centred square is kept. A radiograph's borders are collimation and arms; its lungs keep their size.
  case crop
  /// Black fills up the shorter side: nothing is lost, and the chest is smaller.
  case pad
}

/// A plane of grey values in floating point: what windowing and resampling work on.
public struct GrayPlane: Sendable, Equatable {
  public private(set) var width: Int
  public private(set) var height: Int
  public private(set) var values: [Float]

  public init(_ image: DecodedImage) {
    width = image.width
    height = image.height
    switch image.samples {
    case .bits8(let samples): values = samples.map { Float($0) }
    case .bits16(let samples): values = samples.map { Float($0) }
    }
  }

  public init(_ image: GrayscaleImage) {
    width = image.width
    height = image.height
    values = image.pixels.map { Float($0) }
  }

  init(width: Int, height: Int, values: [Float]) {
    self.width = width
    self.height = height
    self.values = values
  }

  /// Values rounded to the nearest of 0...255, those outside clamped.
  public var grayscale: GrayscaleImage {
    GrayscaleImage(
      uncheckedWidth: width, height: height,
      pixels: values.map { UInt8(min(max($0, 0), 255).rounded(.toNearestOrAwayFromZero)) })
  }

  /// Moves the smallest value to 0 and the largest to 255, linearly. An image of one value becomes 0.
  public func minMaxNormalized() -> GrayPlane {
    guard let lowest = values.min(), let highest = values.max() else { return self }
    let scale = highest > lowest ? 255 / (highest - lowest) : 0
    return GrayPlane(width: width, height: height, values: values.map { ($0 - lowest) * scale })
  }

  /// Resamples to a square of `size` pixels, the sides' ratio kept.
  public func square(size: Int, fit: SquareFit = .crop) throws(ImageFileError) -> GrayPlane {
    guard size > 0 else { throw .invalidTargetSize(size) }
    switch fit {
    case .crop:
      let side = min(width, height)
      return try cropped(x: (width - side) / 2, y: (height - side) / 2, width: side, height: side)
        .resized(width: size, height: size)
    case .pad:
      let scale = Double(size) / Double(max(width, height))
      let inner = try resized(
        width: max(1, Int((Double(width) * scale).rounded())), height: max(1, Int((Double(height) * scale).rounded())))
      return inner.padded(toSide: size)
    }
  }

  /// Bilinear resampling whose filter widens with the reduction, so that nothing aliases: Pillow's `BILINEAR`, and
  /// torchvision's with `antialias=True`.
  public func resized(width newWidth: Int, height newHeight: Int) throws(ImageFileError) -> GrayPlane {
    guard newWidth > 0 else { throw .invalidTargetSize(newWidth) }
    guard newHeight > 0 else { throw .invalidTargetSize(newHeight) }
    if newWidth == width, newHeight == height { return self }
    let narrow = width == newWidth ? self : resampledRows(Self.taps(from: width, to: newWidth))
    return height == newHeight ? narrow : narrow.resampledColumns(Self.taps(from: height, to: newHeight))
  }

  private func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> GrayPlane {
    if newWidth == width, newHeight == height { return self }
    var result: [Float] = []
    result.reserveCapacity(newWidth * newHeight)
    for row in y..<(y + newHeight) {
      let start = row * width + x
      result += values[start..<(start + newWidth)]
    }
    return GrayPlane(width: newWidth, height: newHeight, values: result)
  }

  private func padded(toSide side: Int) -> GrayPlane {
    if width == side, height == side { return self }
    var result = [Float](repeating: 0, count: side * side)
    let left = (side - width) / 2
    let top = (side - height) / 2
    for row in 0..<height {
      let start = (top + row) * side + left
      result.replaceSubrange(start..<(start + width), with: values[(row * width)..<((row + 1) * width)])
    }
    return GrayPlane(width: side, height: side, values: result)
  }

  /// The input span of one output position, and its weights (which add up to 1).
  private struct Taps {
    let first: Int
    let weights: [Float]
  }

  /// The triangle filter of Pillow's `Resample.c`: support 1, stretched by the scale where the image shrinks.
  private static func taps(from inputCount: Int, to outputCount: Int) -> [Taps] {
    let scale = Double(inputCount) / Double(outputCount)
    let filterScale = max(scale, 1)
    return (0..<outputCount).map { output in
      let center = (Double(output) + 0.5) * scale
      let first = max(0, Int(center - filterScale + 0.5))
      let end = min(inputCount, Int(center + filterScale + 0.5))
      let weights = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / filterScale)) }
      let sum = weights.reduce(0, +)
      return Taps(first: first, weights: weights.map { Float($0 / sum) })
    }
  }

  private func resampledRows(_ taps: [Taps]) -> GrayPlane {
    var result = [Float](repeating: 0, count: taps.count * height)
    values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          for (x, tap) in taps.enumerated() {
            var sum: Float = 0
            tap.weights.withUnsafeBufferPointer { weights in
              let start = y * width + tap.first
              for i in 0..<weights.count { sum += source[start + i] * weights[i] }
            }
            target[y * taps.count + x] = sum
          }
        }
      }
    }
    return GrayPlane(width: taps.count, height: height, values: result)
  }

  private func resampledColumns(_ taps: [Taps]) -> GrayPlane {
    var result = [Float](repeating: 0, count: width * taps.count)
    values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        for (y, tap) in taps.enumerated() {
          let row = y * width
          for (i, weight) in tap.weights.enumerated() {
            let start = (tap.first + i) * width
            for x in 0..<width { target[row + x] += source[start + x] * weight }
          }
        }
      }
    }
    return GrayPlane(width: width, height: taps.count, values: result)
  }
}
