/// The file formats that are read and written.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png
  case jpeg

  /// By a file name's extension, with or without the dot, in any case.
  public init?(pathExtension: String) {
    switch pathExtension.lowercased().drop(while: { $0 == "." }) {
    case "png": self = .png
    case "jpg", "jpeg", "jpe": self = .jpeg
    default: return nil
    }
  }

  /// By a file's first bytes, whatever its name says.
  public init?(detecting bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else {
      return nil
    }
  }

  /// As it is written in prose: "PNG", "JPEG".
  public var name: String { rawValue.uppercased() }
}

/// Bounds on what a header may ask for, checked before anything of the image's size is allocated.
public struct ImageLimits: Sendable, Equatable {
  public var maximumSide: Int
  public var maximumPixels: Int
  /// What a file may take on disk. An image of `maximumPixels` in 16 bits and four channels that does not compress is 8
  /// bytes a pixel.
  public var maximumFileBytes: Int { maximumPixels.multipliedReportingOverflow(by: 8).partialValue }

  public init(maximumSide: Int, maximumPixels: Int) {
    self.maximumSide = maximumSide
    self.maximumPixels = maximumPixels
  }

  /// 20,000 a side and 100 million in all: four times the largest detector, and 200 MB at 16 bits.
  public static let standard = ImageLimits(maximumSide: 20_000, maximumPixels: 100_000_000)
}
