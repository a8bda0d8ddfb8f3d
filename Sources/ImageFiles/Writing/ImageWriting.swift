import CImageCodecs

/// A fact about an image that travels inside its file.
public struct ImageText: Sendable, Equatable {
  /// 1 to 79 printable ASCII characters: PNG's own (`Software`, `Description`, ...) or `prefix:name`.
  public var key: String
  /// Any text; NUL characters are dropped, since neither format can hold them.
  public var value: String

  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }

  func checked() throws(ImageFileError) -> ImageText {
    let printable = key.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    guard printable, (1...79).contains(key.utf8.count), key.first != " ", key.last != " ", !key.contains("  ") else {
      throw .invalidMetadataKey(key)
    }
    return ImageText(key, value.filter { $0 != "\0" })
  }
}

extension GrayscaleImage {
  /// The bytes of a file of `format` that carries `metadata`: PNG text chunks, or JPEG EXIF and XMP.
  ///
  /// - Throws: `ImageFileError` if a key or a text does not fit into the format, or the codec fails.
  public func encoded(as format: ImageFormat, metadata: [ImageText] = []) throws(ImageFileError) -> [UInt8] {
    switch format {
    case .png: try pngBytes(metadata: metadata)
    case .jpeg: try jpegBytes(metadata: metadata)
    }
  }

  /// The bytes of an 8-bit grey PNG. A value in ASCII becomes a `tEXt` chunk, any other an `iTXt` chunk.
  ///
  /// - Throws: `ImageFileError` if a key is no PNG keyword, or libpng fails.
  public func pngBytes(metadata: [ImageText] = []) throws(ImageFileError) -> [UInt8] {
    var texts: [CText] = []
    for entry in metadata {
      let checked = try entry.checked()
      texts.append(CText(checked))
    }
    var file = cimage_bytes()
    var failure = cimage_failure()
    let status = pixels.withUnsafeBufferPointer { pixels -> Int32 in
      guard let start = pixels.baseAddress else { return Int32(CIMAGE_CORRUPT) }
      return withPointers(to: texts[...], []) { texts in
        cimage_png_write(
          start, UInt32(width), UInt32(height), texts.baseAddress, texts.count, &file, &failure)
      }
    }
    guard Int(status) == CIMAGE_OK else { throw .encodingFailed(format: .png, detail: failure.text) }
    return file.take()
  }

  /// The bytes of an 8-bit grey JPEG. `metadata` goes, whole, into an XMP packet, and into EXIF as `ImageDescription`,
  /// `Software` and `UserComment` (see `JPEGMetadata`).
  ///
  /// - Parameter quality: libjpeg's 1 to 100.
  /// - Throws: `ImageFileError` if the texts are too long for a JPEG's segment, or libjpeg fails.
  public func jpegBytes(metadata: [ImageText] = [], quality: Int = 92) throws(ImageFileError) -> [UInt8] {
    var checked: [ImageText] = []
    for entry in metadata { checked.append(try entry.checked()) }
    var markers = checked.isEmpty ? [] : [JPEGMetadata.exif(checked), JPEGMetadata.xmp(checked)]

    var file = cimage_bytes()
    var failure = cimage_failure()
    let status = pixels.withUnsafeBufferPointer { pixels -> Int32 in
      guard let start = pixels.baseAddress else { return Int32(CIMAGE_CORRUPT) }
      return withMutablePointers(to: &markers) { markers in
        cimage_jpeg_write(
          start, UInt32(width), UInt32(height), Int32(min(max(quality, 1), 100)), markers.baseAddress,
          markers.count, &file, &failure)
      }
    }
    guard Int(status) == CIMAGE_OK else { throw .encodingFailed(format: .jpeg, detail: failure.text) }
    return file.take()
  }
}

/// A text chunk with its strings terminated for C.
private struct CText {
  let key: ContiguousArray<CChar>
  let value: ContiguousArray<CChar>
  let international: Bool

  init(_ text: ImageText) {
    key = text.key.utf8CString
    value = text.value.utf8CString
    // Control characters other than line feed are not allowed in tEXt.
    international = !text.value.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0A }
  }
}

/// Calls `body` with C structures that point into `texts`, which outlive the call.
private func withPointers<Result>(
  to texts: ArraySlice<CText>, _ gathered: [cimage_text], _ body: (UnsafeBufferPointer<cimage_text>) -> Result
) -> Result {
  guard let text = texts.first else { return gathered.withUnsafeBufferPointer(body) }
  return text.key.withUnsafeBufferPointer { key in
    text.value.withUnsafeBufferPointer { value in
      guard let key = key.baseAddress, let value = value.baseAddress else {
        return withPointers(to: texts.dropFirst(), gathered, body)
      }
      let entry = cimage_text(key: key, value: value, international: text.international ? 1 : 0)
      return withPointers(to: texts.dropFirst(), gathered + [entry], body)
    }
  }
}

private func withMutablePointers<Result>(
  to runs: inout [[UInt8]], _ body: (UnsafeBufferPointer<cimage_bytes>) -> Result
) -> Result {
  var flat = runs.flatMap { $0 }
  let counts = runs.map(\.count)
  return flat.withUnsafeMutableBufferPointer { flat in
    var offset = 0
    var entries: [cimage_bytes] = []
    for count in counts {
      entries.append(cimage_bytes(bytes: flat.baseAddress.map { $0 + offset }, count: count))
      offset += count
    }
    return entries.withUnsafeBufferPointer(body)
  }
}

extension cimage_bytes {
  /// Moves the bytes into Swift's memory and frees C's.
  fileprivate func take() -> [UInt8] {
    defer { cimage_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
