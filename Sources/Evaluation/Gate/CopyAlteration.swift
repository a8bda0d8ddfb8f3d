import Foundation
import ImageFiles
import Support

/// What an image may have gone through and still be a copy.
///
/// Each is drawn anew for each image: how far an image is moved, how strongly it is compressed.
public enum CopyAlteration: String, CaseIterable, Sendable, Codable {
  /// Compressed at a quality of 30 to 75.
  case jpeg = "JPEG"
  /// Moved by up to a twentieth of its side, down and to the right or back; black where nothing is left.
  case shift
  /// 0.94 to 1.06 times as large about its middle.
  case scale
  /// Grey values of 0 to 1 to the power of 0.6 to 1.7.
  case gamma
  /// Through a quarter of its width and height and back.
  case blur
  /// All of these, each half as strong; the picture a third of its size at the least.
  case together

  /// The altered image.
  ///
  /// - Parameter random: Where the numbers come from; it is advanced by as many for each case.
  /// - Throws: `ImageFileError` for an image of less than 16 pixels a side.
  public func callAsFunction(_ image: GrayscaleImage, random: inout SplitMix64) throws -> GrayscaleImage {
    let numbers = (0..<5).map { _ in Double(random.next(below: 1 << 20)) / Double(1 << 20) * 2 - 1 }
    let (down, right, size, power, quality) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
    func shifted(_ image: GrayscaleImage, by share: Double) throws -> GrayscaleImage {
      try Self.laid(
        image, width: image.width, height: image.height, right: Int(right * share * Double(image.width)),
        down: Int(down * share * Double(image.height)))
    }
    func scaled(_ image: GrayscaleImage, by share: Double) throws -> GrayscaleImage {
      let factor = 1 + size * share
      let (width, height) = (Int(Double(image.width) * factor), Int(Double(image.height) * factor))
      let resized = try GrayPlane(image).resized(width: width, height: height).grayscale
      return try Self.laid(
        resized, width: image.width, height: image.height, right: (image.width - width) / 2,
        down: (image.height - height) / 2)
    }
    func bent(_ image: GrayscaleImage, by share: Double) throws -> GrayscaleImage {
      let exponent = pow(power > 0 ? 1.7 : 1 / 0.6, power * share)
      let pixels = image.pixels.map { UInt8((pow(Double($0) / 255, exponent) * 255).rounded()) }
      return try GrayscaleImage(width: image.width, height: image.height, pixels: pixels)
    }
    func reduced(_ image: GrayscaleImage, by factor: Int) throws -> GrayscaleImage {
      try GrayPlane(image).resized(width: image.width / factor, height: image.height / factor)
        .resized(width: image.width, height: image.height, resampling: .bicubic).grayscale
    }
    func compressed(_ image: GrayscaleImage, least: Double) throws -> GrayscaleImage {
      try GrayscaleImage(decoding: image.jpegBytes(quality: Int(least + (75 - least) * (quality + 1) / 2)))
    }
    switch self {
    case .jpeg: return try compressed(image, least: 30)
    case .shift: return try shifted(image, by: 0.05)
    case .scale: return try scaled(image, by: 0.06)
    case .gamma: return try bent(image, by: 1)
    case .blur: return try reduced(image, by: 4)
    case .together:
      return try compressed(
        reduced(bent(scaled(shifted(image, by: 0.025), by: 0.03), by: 0.5), by: 3), least: 50)
    }
  }

  /// An image laid into a black field, its corner `right` and `down` of the field's.
  private static func laid(
    _ image: GrayscaleImage, width: Int, height: Int, right: Int, down: Int
  ) throws -> GrayscaleImage {
    let pixels = (0..<width * height).map { index -> UInt8 in
      let (x, y) = (index % width - right, index / width - down)
      return (0..<image.width).contains(x) && (0..<image.height).contains(y) ? image[x, y] : 0
    }
    return try GrayscaleImage(width: width, height: height, pixels: pixels)
  }
}
