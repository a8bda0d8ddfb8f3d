import CImageCodecs

/// How values between pixels are found. Both filters widen with the reduction, so that nothing aliases, and equal
/// Pillow's of the same name and torchvision's with `antialias=True`.
public enum Resampling: String, Sendable, CaseIterable, Codable {
  /// A triangle, of one pixel to each side.
  case bilinear
  /// Keys' cubic with a = -0.5, of two pixels to each side: sharper, with overshoots beside edges.
  case bicubic

  /// The filter's half width, in pixels of the coarser grid.
  var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  /// The filter's value at a distance from its centre (Keys, 1981, equation 15).
  func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return max(0, 1 - x)
    case .bicubic:
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }
  }
}

extension GrayPlane {
  /// Resamples to a square of `size` pixels.
  ///
  /// - Throws: `ImageFileError.invalidTargetSize` if a side is below 1 or above 16,384.
  public func square(
    size: Int, fit: SquareFit = .crop, resampling: Resampling = .bilinear
  ) throws(ImageFileError) -> GrayPlane {
    let layout = try SquareLayout(width: width, height: height, size: size, fit: fit)
    return try GraySource.with(self) { (source) throws(ImageFileError) in try source.fitted(layout, resampling) }
      .padded(toSide: size)
  }

  /// Resamples without regard to the sides' ratio.
  ///
  /// - Throws: `ImageFileError.invalidTargetSize` if a side is below 1 or above 16,384.
  public func resized(
    width newWidth: Int, height newHeight: Int, resampling: Resampling = .bilinear
  ) throws(ImageFileError) -> GrayPlane {
    if newWidth == width, newHeight == height { return self }
    return try GraySource.with(self) { (source) throws(ImageFileError) in
      try source.resized(
        PixelRectangle(x: 0, y: 0, width: width, height: height), width: newWidth, height: newHeight, resampling)
    }
  }

  /// Black around a plane that is smaller than the square.
  private func padded(toSide side: Int) -> GrayPlane {
    if width == side, height == side { return self }
    var result = [Float](repeating: 0, count: side * side)
    let left = (side - width) / 2
    let top = (side - height) / 2
    for row in 0..<height {
      let start = (top + row) * side + left
      result.replaceSubrange(start..<(start + width), with: values[(row * width)..<((row + 1) * width)])
    }
    return GrayPlane(uncheckedWidth: side, height: side, values: result)
  }
}

extension DecodedImage {
  /// Resamples without regard to the sides' ratio. As in Pillow, a cubic's overshoots end at the samples' range: 0...255
  /// or 0...65,535.
  ///
  /// - Throws: `ImageFileError.invalidTargetSize` if a side is below 1 or above 16,384.
  public func resized(
    width newWidth: Int, height newHeight: Int, resampling: Resampling = .bilinear
  ) throws(ImageFileError) -> GrayPlane {
    try GraySource.with(self) { (source) throws(ImageFileError) in
      try source.resized(
        PixelRectangle(x: 0, y: 0, width: width, height: height), width: newWidth, height: newHeight, resampling)
    }
  }
}

/// A part of an image.
struct PixelRectangle: Equatable {
  var x: Int
  var y: Int
  var width: Int
  var height: Int
}

/// What of an image goes where in a square.
struct SquareLayout: Equatable {
  /// The part of the image that is kept.
  var source: PixelRectangle
  /// Its sides in the square, where it is centred.
  var width: Int
  var height: Int

  /// - Parameter pixelAspect: the height of a pixel over its width, 0.1 to 10; what is square is so in lengths.
  init(width: Int, height: Int, pixelAspect: Double = 1, size: Int, fit: SquareFit) throws(ImageFileError) {
    guard size > 0 else { throw .invalidTargetSize(size) }
    /// In widths of a pixel.
    let tall = Double(height) * pixelAspect
    switch fit {
    case .crop:
      let side = min(Double(width), tall)
      let across = min(width, max(1, Int(side.rounded())))
      let down = min(height, max(1, Int((side / pixelAspect).rounded())))
      source = PixelRectangle(x: (width - across) / 2, y: (height - down) / 2, width: across, height: down)
      (self.width, self.height) = (size, size)
    case .pad:
      let scale = Double(size) / max(Double(width), tall)
      source = PixelRectangle(x: 0, y: 0, width: width, height: height)
      self.width = min(size, max(1, Int((Double(width) * scale).rounded())))
      self.height = min(size, max(1, Int((tall * scale).rounded())))
    case .stretch:
      source = PixelRectangle(x: 0, y: 0, width: width, height: height)
      (self.width, self.height) = (size, size)
    }
  }
}
