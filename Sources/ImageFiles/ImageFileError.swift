/// What can be wrong with an image file, or with a request to write one.
public enum ImageFileError: Error, Sendable, Equatable {
  /// The bytes are neither PNG nor JPEG.
  case unknownFormat
  /// There are no bytes at all.
  case empty
  /// Truncated or damaged; `detail` is the codec's own message.
  case corrupt(format: ImageFormat, detail: String)
  /// The header asks for more than the limits allow.
  case tooLarge(detail: String, limits: ImageLimits)
  /// A variant that is not read, such as a 12-bit JPEG.
  case unsupported(format: ImageFormat, detail: String)
  case outOfMemory(detail: String)
  /// The file could not be read from disk.
  case unreadable(path: String, reason: String)
  /// `pixels` are not `width * height`.
  case inconsistentSize(width: Int, height: Int, pixels: Int)
  /// A side below 1 or above 16,384 was asked for.
  case invalidTargetSize(Int)
  /// A metadata key that a PNG cannot hold.
  case invalidMetadataKey(String)
  case encodingFailed(format: ImageFormat, detail: String)
  /// `low` and `high` are not percentages in order.
  case invalidPercentiles(low: Double, high: Double)
  /// A clip limit below 0 or not finite, or a number of tiles outside of 1...256.
  case invalidEqualization(clipLimit: Double, columns: Int, rows: Int)
}

extension ImageFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownFormat:
      "not an image that can be read: give a PNG or a JPEG file"
    case .empty:
      "the image file is empty: fetch or export it again"
    case .corrupt(let format, let detail):
      "damaged or truncated \(format.name) (\(detail)): fetch or export it again"
    case .tooLarge(let detail, let limits):
      "image too large: \(detail); at most \(limits.maximumSide) a side and \(limits.maximumPixels) in all are read: "
        + "reduce it first"
    case .unsupported(let format, let detail):
      "unsupported kind of \(format.name) (\(detail)): convert it to an 8- or 16-bit PNG"
    case .outOfMemory(let detail):
      "out of memory for an image (\(detail)): reduce it first"
    case .unreadable(let path, let reason):
      "cannot read image \(path): \(reason)"
    case .inconsistentSize(let width, let height, let pixels):
      "\(pixels) pixels for an image of \(width) x \(height): give width x height values, each side at least 1"
    case .invalidTargetSize(let size):
      "image size \(size): give 1 to 16384"
    case .invalidMetadataKey(let key):
      "metadata key \"\(key)\": give 1 to 79 printable ASCII characters without spaces at its ends"
    case .invalidPercentiles(let low, let high):
      "percentiles \(low) and \(high): give two of 0 to 100, the smaller one first"
    case .invalidEqualization(let clipLimit, let columns, let rows):
      "CLAHE with clip limit \(clipLimit) and \(columns) x \(rows) tiles: give a limit of at least 0 and 1 to 256 tiles "
        + "a side"
    case .encodingFailed(let format, let detail):
      "cannot write a \(format.name) (\(detail))"
    }
  }
}
