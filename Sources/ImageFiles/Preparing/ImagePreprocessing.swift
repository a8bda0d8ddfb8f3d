/// What turns a decoded image into the square of bytes that a dataset stores. In this order:
///
/// 1. `fit`: which part of the image is kept, measured in lengths, not pixels, if the file says that its pixels are not
///    square;
/// 2. `resampling` to `size`, in floating point, from the samples that the file has (8 or 16 bits);
/// 3. `intensity`: values are spread linearly; only the image's own pixels count, not what `pad` adds;
/// 4. values are rounded, once;
/// 5. `clahe`, where asked for;
/// 6. with `pad`, black fills up the square.
public struct ImagePreprocessing: Sendable, Equatable, Hashable, Codable {
  /// Width and height of the result, in pixels.
  public var size: Int
  public var fit: SquareFit
  public var resampling: Resampling
  public var intensity: IntensityMapping
  /// nil leaves values as `intensity` makes them.
  public var clahe: ContrastLimitedEqualization?

  /// The article's recipe where nothing is said: bilinear, antialiased, minimum to maximum.
  public init(
    size: Int = 256, fit: SquareFit = .crop, resampling: Resampling = .bilinear, intensity: IntensityMapping = .minMax,
    clahe: ContrastLimitedEqualization? = nil
  ) {
    self.size = size
    self.fit = fit
    self.resampling = resampling
    self.intensity = intensity
    self.clahe = clahe
  }

  /// `DecodedImage`'s `minimumSide`: a JPEG is reduced by 2, 4 or 8 while it is decoded as long as three times the
  /// result's side remain. What that changes is measured in `docs/data-images.md`.
  public var minimumSide: Int { size.multipliedReportingOverflow(by: 3).partialValue }

  /// Decodes a file's bytes and prepares the image.
  ///
  /// - Returns: the square, and the sides of the image in its file, the right way up.
  /// - Throws: `ImageFileError`: `.unknownFormat`, `.empty`, `.corrupt`, `.tooLarge` or `.unsupported` if the bytes cannot
  ///   be decoded; `.invalidTargetSize`, `.invalidPercentiles` or `.outOfMemory` if the image cannot be prepared so.
  public func callAsFunction(
    decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits = .standard
  ) throws(ImageFileError) -> PreparedImage {
    let raster = try Raster(decoding: bytes, limits: limits, minimumSide: minimumSide)
    let image = try GraySource.with(raster) { (source) throws(ImageFileError) in try prepared(source) }
    return PreparedImage(
      image: image, originalWidth: raster.originalWidth, originalHeight: raster.originalHeight)
  }

  /// Prepares a decoded image.
  ///
  /// - Throws: what `callAsFunction(decoding:limits:)` throws of preparing.
  public func callAsFunction(_ image: DecodedImage) throws(ImageFileError) -> GrayscaleImage {
    try GraySource.with(image) { (source) throws(ImageFileError) in try prepared(source) }
  }

  /// Prepares values of any range, such as a DICOM file's after its lookup tables.
  ///
  /// - Parameters:
  ///   - range: the values that could be there, from black to white; only `IntensityMapping.none` goes by it.
  ///   - pixelAspect: the height of a pixel over its width.
  /// - Throws: what `callAsFunction(decoding:limits:)` throws of preparing.
  public func callAsFunction(
    _ plane: GrayPlane, range: ClosedRange<Float> = 0...255, pixelAspect: Double = 1
  ) throws(ImageFileError) -> GrayscaleImage {
    try GraySource.with(plane, range: range, pixelAspect: pixelAspect) { (source) throws(ImageFileError) in
      try prepared(source)
    }
  }

  private func prepared(_ source: GraySource) throws(ImageFileError) -> GrayscaleImage {
    let layout = try SquareLayout(
      width: source.width, height: source.height, pixelAspect: source.pixelAspect, size: size, fit: fit)
    let plane = try source.fitted(layout, resampling)
    let line = try intensity.line(for: plane, range: source.range)
    let rounded = plane.rounded(origin: line.origin, scale: line.scale)
    return (clahe.map { $0(rounded) } ?? rounded).padded(toSide: size)
  }
}

/// A square of bytes, and the sides of the image that it was made of.
public struct PreparedImage: Sendable, Equatable {
  public var image: GrayscaleImage
  /// The sides of the image in its file, the right way up.
  public var originalWidth: Int
  public var originalHeight: Int

  public init(image: GrayscaleImage, originalWidth: Int, originalHeight: Int) {
    self.image = image
    self.originalWidth = originalWidth
    self.originalHeight = originalHeight
  }
}

extension ImagePreprocessing: CustomStringConvertible {
  /// All settings on one line, `256 crop bilinear min-max`; `clahe 2:8x8` follows where there is one.
  public var description: String {
    let parts = ["\(size)", fit.rawValue, resampling.rawValue, intensity.rawValue]
    return (parts + (clahe.map { ["clahe", $0.rawValue] } ?? [])).joined(separator: " ")
  }
}

extension GrayscaleImage {
  /// Black around an image that is smaller than the square.
  fileprivate func padded(toSide side: Int) -> GrayscaleImage {
    if width == side, height == side { return self }
    var result = [UInt8](repeating: 0, count: side * side)
    let left = (side - width) / 2
    let top = (side - height) / 2
    for row in 0..<height {
      let start = (top + row) * side + left
      result.replaceSubrange(start..<(start + width), with: pixels[(row * width)..<((row + 1) * width)])
    }
    return GrayscaleImage(uncheckedWidth: side, height: side, pixels: result)
  }
}
