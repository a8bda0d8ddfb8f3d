import CDICOM
import ImageFiles

/// How far grey values have come (PS3.4, N.2).
public enum DICOMStage: Sendable, CaseIterable {
  /// The numbers that the file holds, signed where it says so.
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

  /// For windowing and resampling.
  public var plane: GrayPlane {
    get throws(ImageFileError) { try GrayPlane(width: width, height: height, values: values) }
  }
}

extension DICOMPixels {
  init(_ raster: cdicom_raster, transform: GrayscaleTransform, stage: DICOMStage) throws(DICOMError) {
    guard let cells = raster.cells else { throw .outOfMemory(detail: "no pixels") }
    width = Int(raster.columns)
    height = Int(raster.rows)
    let table = transform.values(at: stage).map { Float($0) }
    let ends = transform.ends(of: stage)
    let (first, last) = (Float(ends.lowest), Float(ends.highest))
    guard table.allSatisfy(\.isFinite), first.isFinite, last.isFinite else {
      throw .corrupt(detail: "its rescale slope or window leaves the numbers that are")
    }
    range = min(first, last)...max(first, last)

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
  }
}
