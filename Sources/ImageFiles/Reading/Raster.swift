import CImageCodecs

/// A decoded image in the codec's memory, freed with it.
struct Raster: ~Copyable {
  private let raster: cimage_raster
  private let samples: UnsafeMutableRawPointer

  var width: Int { Int(raster.width) }
  var height: Int { Int(raster.height) }
  /// 8 or 16.
  var bits: Int { Int(raster.bits) }
  var originalWidth: Int { Int(raster.source_width) }
  var originalHeight: Int { Int(raster.source_height) }
  /// The height of a pixel over its width; 1 if the file says nothing that can be believed.
  var pixelAspect: Double {
    PixelAspect.ratio(height: Double(raster.pixel_height), width: Double(raster.pixel_width)) ?? 1
  }

  /// See `DecodedImage.init(decoding:limits:minimumSide:)`.
  init(decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits, minimumSide: Int?) throws(ImageFileError) {
    guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress, !bytes.isEmpty else { throw .empty }
    guard let format = ImageFormat(detecting: bytes) else { throw .unknownFormat }

    var raster = cimage_raster()
    var failure = cimage_failure()
    let status =
      switch format {
      case .png: cimage_png_read(start, bytes.count, limits.forCodec, &raster, &failure)
      case .jpeg:
        cimage_jpeg_read(
          start, bytes.count, limits.forCodec, UInt32(clamping: minimumSide ?? 0), &raster, &failure)
      }
    do {
      try failure.check(status, format: format, limits: limits)
    } catch {
      cimage_free(raster.samples)
      throw error
    }
    guard let samples = raster.samples else { throw .outOfMemory(detail: "no pixels") }
    self.raster = raster
    self.samples = samples
  }

  deinit { cimage_free(samples) }

  /// `width * height` samples of `bits`, in the machine's byte order.
  func withSamples<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: samples, count: width * height * bits / 8))
  }
}

extension ImageLimits {
  var forCodec: cimage_limits {
    cimage_limits(max_side: UInt32(clamping: maximumSide), max_pixels: UInt64(clamping: maximumPixels))
  }
}

extension cimage_failure {
  var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix(while: { $0 != 0 }), as: UTF8.self) }
  }

  func check(_ status: Int32, format: ImageFormat, limits: ImageLimits) throws(ImageFileError) {
    switch Int(status) {
    case CIMAGE_OK: return
    case CIMAGE_TOO_LARGE: throw .tooLarge(detail: text, limits: limits)
    case CIMAGE_UNSUPPORTED: throw .unsupported(format: format, detail: text)
    case CIMAGE_OUT_OF_MEMORY: throw .outOfMemory(detail: text)
    default: throw .corrupt(format: format, detail: text)
    }
  }
}
