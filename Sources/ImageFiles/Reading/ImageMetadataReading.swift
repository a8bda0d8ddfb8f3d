import CImageCodecs

extension ImageText {
  /// The text chunks (`tEXt`, `zTXt`, `iTXt`) of a PNG held in memory, in the file's order.
  ///
  /// - Throws: `ImageFileError` if the file is no PNG, damaged before its end, or beyond the limits.
  public static func read(
    fromPNG bytes: [UInt8], limits: ImageLimits = .standard
  ) throws(ImageFileError) -> [ImageText] {
    final class Gathered { var texts: [ImageText] = [] }
    let gathered = Gathered()
    var failure = cimage_failure()
    let status = bytes.withUnsafeBufferPointer { bytes -> Int32 in
      guard let start = bytes.baseAddress else { return Int32(CIMAGE_CORRUPT) }
      return cimage_png_read_text(
        start, bytes.count, limits.forCodec,
        { context, key, value, count, international in
          guard let context else { return }
          let bytes = UnsafeRawBufferPointer(start: value, count: count)
          let text =
            international != 0
            ? String(decoding: bytes, as: UTF8.self)
            : String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
          Unmanaged<Gathered>.fromOpaque(context).takeUnretainedValue().texts.append(
            ImageText(String(cString: key), text))
        }, Unmanaged.passUnretained(gathered).toOpaque(), &failure)
    }
    if bytes.isEmpty { throw .empty }
    try failure.check(status, format: .png, limits: limits)
    return gathered.texts
  }
}
