import CImageCodecs

/// An image as the resampler takes it: the samples where they are, without a copy in floating point.
struct GraySource {
  private enum Samples {
    case bits8([UInt8])
    case bits16([UInt16])
    case floats([Float])
  }

  let width: Int
  let height: Int
  private let samples: Samples

  init(_ image: DecodedImage) {
    width = image.width
    height = image.height
    switch image.samples {
    case .bits8(let values): samples = .bits8(values)
    case .bits16(let values): samples = .bits16(values)
    }
  }

  init(_ plane: GrayPlane) {
    width = plane.width
    height = plane.height
    samples = .floats(plane.values)
  }

  /// The greatest value that a sample can have: white, where nothing else decides.
  var white: Float {
    switch samples {
    case .bits8, .floats: 255
    case .bits16: 65_535
    }
  }

  /// The range that values of the result stay in.
  private var range: (least: Float, greatest: Float) {
    switch samples {
    case .bits8, .bits16: (0, white)
    case .floats: (-.infinity, .infinity)
    }
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
    let (pixels, overflows) = newWidth.multipliedReportingOverflow(by: newHeight)
    guard !overflows, newWidth <= Int(Int32.max), newHeight <= Int(Int32.max) else {
      throw .invalidTargetSize(max(newWidth, newHeight))
    }
    let across = newWidth == part.width ? nil : FilterTable(from: part.width, to: newWidth, resampling)
    let down = newHeight == part.height ? nil : FilterTable(from: part.height, to: newHeight, resampling)

    var status = Int32(CIMAGE_OUT_OF_MEMORY)
    let values = [Float](unsafeUninitializedCapacity: pixels) { target, count in
      guard let start = target.baseAddress else { return }
      withPlane(of: part) { plane in
        withFilter(across) { across in
          withFilter(down) { down in
            status = cimage_resample(plane, across, down, range.least, range.greatest, start)
          }
        }
      }
      count = Int(status) == CIMAGE_OK ? pixels : 0
    }
    guard Int(status) == CIMAGE_OK else { throw .outOfMemory(detail: "resampling to \(newWidth) x \(newHeight)") }
    return GrayPlane(uncheckedWidth: newWidth, height: newHeight, values: values)
  }

  private func withPlane(of part: PixelRectangle, _ body: (cimage_plane) -> Void) {
    func call<Sample>(_ values: [Sample], bits: UInt32) {
      values.withUnsafeBufferPointer { values in
        guard let start = values.baseAddress else { return }
        body(
          cimage_plane(
            bits: bits, width: UInt32(clamping: part.width), height: UInt32(clamping: part.height), stride: width,
            samples: UnsafeRawPointer(start + part.y * width + part.x)))
      }
    }
    switch samples {
    case .bits8(let values): call(values, bits: 8)
    case .bits16(let values): call(values, bits: 16)
    case .floats(let values): call(values, bits: 32)
    }
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
