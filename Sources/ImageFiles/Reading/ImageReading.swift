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
  /// - Throws: `ImageFileError`: `.unknownFormat`, `.empty`, `.corrupt`, `.tooLarge`, `.unsupported` or `.outOfMemory`.
  public init(
    decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits = .standard, minimumSide: Int? = nil
  ) throws(ImageFileError) {
    self.init(try Raster(decoding: bytes, limits: limits, minimumSide: minimumSide))
  }

  private init(_ raster: borrowing Raster) {
    self.init(
      width: raster.width, height: raster.height,
      samples: raster.bits == 16
        ? .bits16(raster.withSamples { Array($0.bindMemory(to: UInt16.self)) })
        : .bits8(raster.withSamples { Array($0.bindMemory(to: UInt8.self)) }),
      originalWidth: raster.originalWidth, originalHeight: raster.originalHeight,
      pixelAspect: raster.pixelAspect)
  }

  /// Decodes an image file on disk.
  ///
  /// - Throws: `ImageFileError.unreadable` if the file cannot be read; what decoding its bytes throws.
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
  ///
  /// - Throws: `ImageFileError.unreadable`, `.tooLarge`.
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
  ///
  /// - Throws: as `DecodedImage.init(decoding:limits:minimumSide:)`.
  public init(decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits = .standard) throws(ImageFileError) {
    self = try DecodedImage(decoding: bytes, limits: limits).grayscale
  }

  /// Decodes a PNG or a JPEG held in memory.
  ///
  /// - Throws: as `DecodedImage.init(decoding:limits:minimumSide:)`.
  public init(decoding bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageFileError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(ImageFileError) in try GrayscaleImage(decoding: bytes, limits: limits) }
    }
    self = try result.get()
  }

  /// Decodes a PNG or JPEG file on disk; 16 bits are scaled to 8.
  ///
  /// - Throws: `ImageFileError.unreadable` if the file cannot be read; what decoding its bytes throws.
  public init(contentsOf path: String, limits: ImageLimits = .standard) throws(ImageFileError) {
    self = try DecodedImage(contentsOf: path, limits: limits).grayscale
  }
}
