import CDICOM
import ImageFiles

/// How far grey values have come (PS3.4, N.2).
public enum DICOMStage: Sendable, CaseIterable {
  /// The numbers that the file holds, signed if it says so.
  case stored
  /// After the modality lookup table, or rescale slope and intercept.
  case modality
  /// After the VOI lookup table, or the first window.
  case voi
  /// As it is to be seen: greater is brighter, and padding is as dark as the image's darkest.
  case display
}

/// The grey values of an image's first frame.
public struct DICOMPixels: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `width * height` values, row by row from the top; all finite.
  public let values: [Float]
  /// The range that values could have, which those of an image need not fill.
  public let range: ClosedRange<Float>
  /// The height of a pixel over its width, 0.1 to 10.
  public let pixelAspect: Double

  /// For windowing and resampling.
  ///
  /// - Throws: `ImageFileError.inconsistentSize`, which no decoded image does.
  public var plane: GrayPlane {
    get throws(ImageFileError) { try GrayPlane(width: width, height: height, values: values) }
  }

  /// The values with the range that they could have spread over 0 to 255; those of 8 bits without a window stay as they
  /// are.
  ///
  /// - Throws: `ImageFileError.inconsistentSize`, which no decoded image does.
  public var grayscale: GrayscaleImage {
    get throws(ImageFileError) {
      let scale = 255 / max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
      return try GrayscaleImage(
        width: width, height: height,
        pixels: values.map { UInt8(min(max((($0 - range.lowerBound) * scale).rounded(), 0), 255)) })
    }
  }
}

extension ImagePreprocessing {
  /// Prepares a DICOM image: its pixels have the shape that the file says, and `IntensityMapping.none` spreads the range
  /// that its values could have.
  ///
  /// - Throws: `ImageFileError.invalidTargetSize`, `.invalidPercentiles` or `.outOfMemory`.
  public func callAsFunction(_ pixels: DICOMPixels) throws(ImageFileError) -> GrayscaleImage {
    try self(pixels.plane, range: pixels.range, pixelAspect: pixels.pixelAspect)
  }
}

extension DICOMPixels {
  init(
    _ raster: cdicom_raster, transform: GrayscaleTransform, stage: DICOMStage, aspect: Double
  ) throws(DICOMError) {
    guard let cells = raster.cells else { throw .outOfMemory(detail: "no pixels") }
    pixelAspect = aspect
    width = Int(raster.columns)
    height = Int(raster.rows)
    let table = transform.values(at: stage).map { Float($0) }
    let ends = transform.range(of: stage)
    let (least, greatest) = (Float(ends.least), Float(ends.greatest))
    guard table.allSatisfy(\.isFinite), least.isFinite, greatest.isFinite else {
      throw .corrupt(detail: "its rescale slope or window leaves the numbers that are")
    }
    guard stage == .stored || transform.keepsNumbersApart else {
      throw .corrupt(detail: "its rescale slope and intercept leave no difference between neighbouring values")
    }
    range = least...greatest

    let mask = table.count - 1
    let shift = Int(raster.shift)
    let count = width * height
    /// Every cell's bits, whichever its width.
    func map(_ value: (Int) -> Float) -> [Float] {
      if raster.cell_bits == 16 {
        return UnsafeBufferPointer(start: cells.assumingMemoryBound(to: UInt16.self), count: count)
          .map { value(Int($0) >> shift & mask) }
      }
      return UnsafeBufferPointer(start: cells.assumingMemoryBound(to: UInt8.self), count: count)
        .map { value(Int($0) >> shift & mask) }
    }

    guard stage == .display, transform.padding != nil else {
      values = table.withUnsafeBufferPointer { table in map { table[$0] } }
      if stage == .display { try Self.check(values, of: map { Float($0) }) }
      return
    }
    // What is padding is taken for the darkest of what is not, so that it widens no range.
    let isPadding = (0...mask).map { transform.isPadding($0) }
    var darkest = Float.infinity
    let marked = map { bits in
      if isPadding[bits] { return Float.nan }
      darkest = min(darkest, table[bits])
      return table[bits]
    }
    let black = darkest.isFinite ? darkest : range.lowerBound
    values = marked.map { $0.isNaN ? black : $0 }
    try Self.check(values, of: map { isPadding[$0] ? .nan : Float($0) })
  }

  /// - Throws: `DICOMError.corrupt` if `values` are all the same, and the cells that they were made of differ (NaN for what
  ///   is padding). Such a picture is black, or white, and shows nothing of what the file holds.
  private static func check(_ values: [Float], of cells: @autoclosure () -> [Float]) throws(DICOMError) {
    guard let first = values.first, !values.contains(where: { $0 != first }) else { return }
    let cells = cells().filter { !$0.isNaN }
    guard let cell = cells.first, cells.contains(where: { $0 != cell }) else { return }
    throw .corrupt(detail: "its rescale, lookup tables or window make one grey of all its values")
  }
}
