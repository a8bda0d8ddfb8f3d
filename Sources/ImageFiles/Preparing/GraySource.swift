import CImageCodecs

/// An image as the resampler takes it: the samples where they are, without a copy in floating point. It may not outlive
/// them.
struct GraySource {
  private enum Kind {
    case bits8, bits16, floats

    /// The range of samples, from black to white, unless the caller gives one.
    var range: ClosedRange<Float> { self == .bits16 ? 0...65_535 : 0...255 }
  }

  let width: Int
  let height: Int
  /// The height of a pixel over its width.
  let pixelAspect: Double
  /// The range that samples could have, from black to white.
  let range: ClosedRange<Float>
  private let kind: Kind
  private let samples: UnsafeRawBufferPointer

  /// Calls `body` with the source, whose samples are there until it returns.
  static func with<Result>(
    _ raster: borrowing Raster, _ body: (GraySource) throws(ImageFileError) -> Result
  ) throws(ImageFileError) -> Result {
    let (width, height, kind) = (raster.width, raster.height, raster.bits == 16 ? Kind.bits16 : .bits8)
    let (aspect, range) = (raster.pixelAspect, kind.range)
    return try raster.withSamples { samples in
      attempt(
        body, GraySource(width: width, height: height, pixelAspect: aspect, range: range, kind: kind, samples: samples))
    }.get()
  }

  static func with<Result>(
    _ image: DecodedImage, _ body: (GraySource) throws(ImageFileError) -> Result
  ) throws(ImageFileError) -> Result {
    switch image.samples {
    case .bits8(let values):
      try with(values, .bits8, image.width, image.height, image.pixelAspect, Kind.bits8.range, body)
    case .bits16(let values):
      try with(values, .bits16, image.width, image.height, image.pixelAspect, Kind.bits16.range, body)
    }
  }

  static func with<Result>(
    _ plane: GrayPlane, range: ClosedRange<Float> = 0...255, pixelAspect: Double = 1,
    _ body: (GraySource) throws(ImageFileError) -> Result
  ) throws(ImageFileError) -> Result {
    try with(plane.values, .floats, plane.width, plane.height, pixelAspect, range, body)
  }

  private static func with<Sample, Result>(
    _ values: [Sample], _ kind: Kind, _ width: Int, _ height: Int, _ pixelAspect: Double,
    _ range: ClosedRange<Float>, _ body: (GraySource) throws(ImageFileError) -> Result
  ) throws(ImageFileError) -> Result {
    try values.withUnsafeBytes { samples in
      attempt(
        body,
        GraySource(
          width: width, height: height, pixelAspect: pixelAspect, range: range, kind: kind, samples: samples))
    }.get()
  }

  private static func attempt<Value>(
    _ body: (GraySource) throws(ImageFileError) -> Value, _ source: GraySource
  ) -> Result<Value, ImageFileError> {
    Result { () throws(ImageFileError) in try body(source) }
  }

  /// The longest side of a result: a square of it has 1 GiB in floating point.
  private static let longestSide = 16_384

  /// The range that values of the result stay in.
  private var bounds: (least: Float, greatest: Float) {
    kind == .floats ? (-.infinity, .infinity) : (range.lowerBound, range.upperBound)
  }

  func fitted(_ layout: SquareLayout, _ resampling: Resampling) throws(ImageFileError) -> GrayPlane {
    try resized(layout.source, width: layout.width, height: layout.height, resampling)
  }

  /// A part of the image, resampled: rows first, then columns.
  func resized(
    _ part: PixelRectangle, width newWidth: Int, height newHeight: Int, _ resampling: Resampling
  ) throws(ImageFileError) -> GrayPlane {
    guard newWidth > 0 else { throw .invalidTargetSize(newWidth) }
    guard newHeight > 0 else { throw .invalidTargetSize(newHeight) }
    guard max(newWidth, newHeight) <= Self.longestSide else { throw .invalidTargetSize(max(newWidth, newHeight)) }
    let pixels = newWidth * newHeight
    let across = newWidth == part.width ? nil : FilterTable(from: part.width, to: newWidth, resampling)
    let down = newHeight == part.height ? nil : FilterTable(from: part.height, to: newHeight, resampling)

    var status = Int32(CIMAGE_OUT_OF_MEMORY)
    let values = [Float](unsafeUninitializedCapacity: pixels) { target, count in
      guard let start = target.baseAddress else { return }
      guard let plane = plane(of: part) else { return }
      withFilter(across) { across in
        withFilter(down) { down in
          status = cimage_resample(plane, across, down, bounds.least, bounds.greatest, start)
        }
      }
      count = Int(status) == CIMAGE_OK ? pixels : 0
    }
    guard Int(status) == CIMAGE_OK else { throw .outOfMemory(detail: "resampling to \(newWidth) x \(newHeight)") }
    return GrayPlane(uncheckedWidth: newWidth, height: newHeight, values: values)
  }

  private func plane(of part: PixelRectangle) -> cimage_plane? {
    let bits =
      switch kind {
      case .bits8: 8
      case .bits16: 16
      case .floats: 32
      }
    guard let start = samples.baseAddress else { return nil }
    return cimage_plane(
      bits: UInt32(bits), width: UInt32(clamping: part.width), height: UInt32(clamping: part.height), stride: width,
      samples: start + (part.y * width + part.x) * bits / 8)
  }

  private func withFilter(_ table: FilterTable?, _ body: (UnsafePointer<cimage_filter>?) -> Void) {
    guard let table else { return body(nil) }
    table.firsts.withUnsafeBufferPointer { firsts in
      table.counts.withUnsafeBufferPointer { counts in
        table.weights.withUnsafeBufferPointer { weights in
          guard let first = firsts.baseAddress, let count = counts.baseAddress, let weight = weights.baseAddress else {
            return
          }
          var filter = cimage_filter(
            outputs: UInt32(table.firsts.count), stride: UInt32(table.stride), firsts: first, counts: count,
            weights: weight)
          body(&filter)
        }
      }
    }
  }
}

/// For every output position of an axis the span of inputs that it is made of, and their weights, which add up to 1:
/// those of Pillow's `Resample.c`.
struct FilterTable {
  private(set) var firsts: [UInt32] = []
  private(set) var counts: [UInt32] = []
  /// `stride` for each output.
  private(set) var weights: [Float]
  let stride: Int

  init(from inputCount: Int, to outputCount: Int, _ resampling: Resampling) {
    let scale = Double(inputCount) / Double(outputCount)
    let filterScale = max(scale, 1)
    let support = resampling.support * filterScale
    stride = min(inputCount, 2 * Int(support.rounded(.up)) + 1)
    weights = [Float](repeating: 0, count: stride * outputCount)
    firsts.reserveCapacity(outputCount)
    counts.reserveCapacity(outputCount)
    var span = [Double](repeating: 0, count: stride)
    for output in 0..<outputCount {
      let center = (Double(output) + 0.5) * scale
      let first = min(inputCount - 1, max(0, Int(center - support + 0.5)))
      let end = max(first + 1, min(inputCount, first + stride, Int(center + support + 0.5)))
      var sum = 0.0
      for input in first..<end {
        span[input - first] = resampling.weight(at: (Double(input) - center + 0.5) / filterScale)
        sum += span[input - first]
      }
      for index in 0..<(end - first) { weights[output * stride + index] = Float(span[index] / sum) }
      firsts.append(UInt32(first))
      counts.append(UInt32(end - first))
    }
  }
}
