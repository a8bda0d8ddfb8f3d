/// An 8-bit grey image: 0 is black, rows run from the top, without padding.
public struct GrayscaleImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `width * height` values, row by row.
  public let pixels: [UInt8]

  /// - Throws: `ImageFileError.inconsistentSize` where `pixels` does not hold exactly `width * height` values, or a
  ///   side is below 1.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageFileError) {
    guard width > 0, height > 0, pixels.count == width * height else {
      throw .inconsistentSize(width: width, height: height, pixels: pixels.count)
    }
    self.init(uncheckedWidth: width, height: height, pixels: pixels)
  }

  init(uncheckedWidth width: Int, height: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  public subscript(x: Int, y: Int) -> UInt8 { pixels[y * width + x] }
}

/// Grey levels as networks see them: 0...255 is -1...1 (equation 1 of the article).
extension GrayscaleImage {
  /// The value of a grey level: `level / 127.5 - 1`.
  @inlinable
  public static func value(_ level: UInt8) -> Float { Float(level) / 127.5 - 1 }

  /// The grey level of a value: the nearest one, of two the brighter; what lies outside of -1...1 is black or white, and
  /// what is not a number is black.
  @inlinable
  public static func level(_ value: Float) -> UInt8 {
    guard value > -1 else { return 0 }
    return value < 1 ? UInt8(((value + 1) * 127.5).rounded()) : 255
  }
}

/// A grey image as its file holds it: 8 or 16 bits a pixel.
///
/// Detectors give 10 to 16 bits; windowing them before they are reduced to 8 keeps what reduction first would lose.
public struct DecodedImage: Sendable, Equatable {
  public enum Samples: Sendable, Equatable {
    case bits8([UInt8])
    case bits16([UInt16])
  }

  public let width: Int
  public let height: Int
  public let samples: Samples
  /// The sides of the image in its file, the right way up; more than `width` and `height` where it was reduced while it
  /// was decoded.
  public let originalWidth: Int
  public let originalHeight: Int
  /// The height of a pixel over its width, the right way up; 1 if the file does not say.
  public let pixelAspect: Double

  /// An image that other code than this module's has decoded.
  ///
  /// - Throws: `ImageFileError.inconsistentSize` where `samples` are not exactly `width * height`, or a side is below 1.
  public init(width: Int, height: Int, samples: Samples) throws(ImageFileError) {
    let count =
      switch samples {
      case .bits8(let values): values.count
      case .bits16(let values): values.count
      }
    let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflows, count == pixels else {
      throw .inconsistentSize(width: width, height: height, pixels: count)
    }
    self.width = width
    self.height = height
    self.samples = samples
    originalWidth = width
    originalHeight = height
    pixelAspect = 1
  }

  init(
    width: Int, height: Int, samples: Samples, originalWidth: Int, originalHeight: Int, pixelAspect: Double
  ) {
    self.width = width
    self.height = height
    self.samples = samples
    self.originalWidth = originalWidth
    self.originalHeight = originalHeight
    self.pixelAspect = pixelAspect
  }

  /// Values divided by the sample type's maximum: 0 to 1.
  public var grayscale: GrayscaleImage {
    let pixels: [UInt8] =
      switch samples {
      case .bits8(let pixels): pixels
      case .bits16(let pixels): pixels.map { UInt8((UInt32($0) * 255 + 32_767) / 65_535) }
      }
    return GrayscaleImage(uncheckedWidth: width, height: height, pixels: pixels)
  }
}
