import CImageCodecs
import Foundation

extension DecodedImage {
  /// Decodes a PNG (1 to 16 bits, grey, palette, RGB, with or without alpha, interlaced or not) or a JPEG (grey, YCbCr,
  /// RGB, CMYK, YCCK; baseline or progressive). Colour becomes ITU-R 601-2 luminance; alpha is ignored. A JPEG is turned
  /// and mirrored as its EXIF orientation says; an orientation that makes no sense is none.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - limits: bounds on the header's width and height.
  ///   - minimumSide: where given, a JPEG may come back reduced by 2, 4 or 8 as long as its shorter side keeps this
  ///     many pixels; decoding it then costs a fraction.
  public init(
    decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits = .standard, minimumSide: Int? = nil
  ) throws(ImageFileError) {
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
    defer { cimage_free(raster.samples) }
    try failure.check(status, format: format, limits: limits)
    guard let samples = raster.samples else { throw .outOfMemory(detail: "no pixels") }

    let count = Int(raster.width) * Int(raster.height)
    self.init(
      width: Int(raster.width), height: Int(raster.height),
      samples: raster.bits == 16
        ? .bits16(Array(UnsafeBufferPointer(start: samples.assumingMemoryBound(to: UInt16.self), count: count)))
        : .bits8(Array(UnsafeBufferPointer(start: samples.assumingMemoryBound(to: UInt8.self), count: count))),
      originalWidth: Int(raster.source_width), originalHeight: Int(raster.source_height))
  }

  /// Decodes an image file on disk.
  public init(
    contentsOf path: String, limits: ImageLimits = .standard, minimumSide: Int? = nil
  ) throws(ImageFileError) {
    let data = try ImageFormat.fileContents(path, limits: limits)
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(ImageFileError) in
        try DecodedImage(decoding: bytes, limits: limits, minimumSide: minimumSide)
      }
    }
    self = try result.get()
  }
}

extension ImageFormat {
  /// The bytes of a file that is said to be an image. Devices, pipes and files larger than `limits` allow are not read:
  /// a name that ends in `.png` may lead to anything.
  public static func fileContents(_ path: String, limits: ImageLimits = .standard) throws(ImageFileError) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "it is not a file") }
    guard status.st_size <= limits.maximumFileBytes else {
      throw .tooLarge(detail: "the file \(path) has \(status.st_size) bytes", limits: limits)
    }
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
  }
}

extension GrayscaleImage {
  /// Decodes a PNG or a JPEG; 16 bits are scaled to 8. See `DecodedImage.init(decoding:limits:minimumSide:)`.
  public init(decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits = .standard) throws(ImageFileError) {
    self = try DecodedImage(decoding: bytes, limits: limits).grayscale
  }

  /// Decodes a PNG or a JPEG held in memory.
  public init(decoding bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageFileError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(ImageFileError) in try GrayscaleImage(decoding: bytes, limits: limits) }
    }
    self = try result.get()
  }

  /// Decodes a PNG or JPEG file on disk; 16 bits are scaled to 8.
  public init(contentsOf path: String, limits: ImageLimits = .standard) throws(ImageFileError) {
    self = try DecodedImage(contentsOf: path, limits: limits).grayscale
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
