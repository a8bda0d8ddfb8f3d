import CImageCodecs

/// What becomes of an image whose sides differ if a square is asked for.
public enum SquareFit: String, Sendable, CaseIterable, Codable {
  /// The largest centred square is kept. A radiograph's borders are collimation and arms; its lungs keep their size.
  case crop
  /// Black fills up the shorter side: nothing is lost, and the chest is smaller.
  case pad
  /// Both sides become the square's: nothing is lost, and the chest is wider or taller than it was.
  case stretch
}

/// A plane of grey values in floating point: what windowing and resampling work on.
public struct GrayPlane: Sendable, Equatable {
  public private(set) var width: Int
  public private(set) var height: Int
  /// `width * height` values, row by row from the top.
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

  /// Values of any range, as a detector or a lookup table gives them.
  ///
  /// - Throws: `ImageFileError.inconsistentSize` where `values` are not exactly `width * height`, or a side is below 1.
  public init(width: Int, height: Int, values: [Float]) throws(ImageFileError) {
    let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflows, values.count == pixels else {
      throw .inconsistentSize(width: width, height: height, pixels: values.count)
    }
    self.init(uncheckedWidth: width, height: height, values: values)
  }

  init(uncheckedWidth width: Int, height: Int, values: [Float]) {
    self.width = width
    self.height = height
    self.values = values
  }

  /// Values rounded to the nearest of 0...255, those outside clamped.
  public var grayscale: GrayscaleImage { rounded(origin: 0, scale: 1) }

  /// `(value - origin) * scale`, rounded to the nearest of 0...255.
  func rounded(origin: Float, scale: Float) -> GrayscaleImage {
    let pixels = [UInt8](unsafeUninitializedCapacity: values.count) { pixels, count in
      values.withUnsafeBufferPointer { values in
        if let source = values.baseAddress, let target = pixels.baseAddress {
          cimage_round(source, values.count, origin, scale, target)
          count = values.count
        }
      }
    }
    return GrayscaleImage(uncheckedWidth: width, height: height, pixels: pixels)
  }

  /// The least and the greatest value.
  var extent: (least: Float, greatest: Float) {
    var least: Float = 0
    var greatest: Float = 0
    values.withUnsafeBufferPointer { values in
      if let source = values.baseAddress { cimage_extent(source, values.count, &least, &greatest) }
    }
    return (least, greatest)
  }

  /// Moves the smallest value to 0 and the largest to 255, linearly. An image of one value becomes 0.
  public func minMaxNormalized() -> GrayPlane {
    let (lowest, highest) = extent
    let scale = highest > lowest ? 255 / (highest - lowest) : 0
    return GrayPlane(uncheckedWidth: width, height: height, values: values.map { ($0 - lowest) * scale })
  }
}
