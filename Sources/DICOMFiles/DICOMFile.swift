import CDICOM
import Foundation
import ImageFiles

/// A radiograph in a DICOM file: what the header says, and the pixels through the modality and VOI transformations.
///
/// Grey images of 8 to 16 bits are read, uncompressed, deflated, RLE, JPEG (baseline, extended, lossless), JPEG-LS and
/// JPEG 2000; of several frames the first. Anything else is refused with its name.
public struct DICOMFile: Sendable {
  public let attributes: DICOMAttributes
  public let limits: ImageLimits
  private let data: Data

  /// Reads the header. Pixels are decoded when they are asked for.
  ///
  /// A file without preamble is read too, if its data set begins with group 0008, has its elements in order and says what
  /// it is; without a name its transfer syntax is implicit or explicit as its first element is.
  ///
  /// - Parameters:
  ///   - data: the whole file, or a beginning of it that reaches its pixels, if only `attributes` are wanted.
  ///   - limits: bounds on the image's rows and columns, checked when pixels are decoded.
  /// - Throws: `DICOMError.notDICOM` if the bytes are of another kind, `.truncated` if they end before the pixels,
  ///   `.corrupt`, `.tooLarge` if a deflated file grows beyond the limits, `.outOfMemory`.
  public init(_ data: Data, limits: ImageLimits = .standard) throws(DICOMError) {
    self.data = data
    self.limits = limits
    attributes = try data.withBytes { bytes throws(DICOMError) in
      try DICOMAttributes(DICOMHandle(bytes, limits: limits))
    }
  }

  /// Whether the bytes begin as a DICOM file does: with DICM at byte 128, or without preamble as a data set does.
  ///
  /// A file of another kind can begin so by chance; `init(_:limits:)` refuses it. Where `libcdicom` is missing, a file with
  /// preamble is still found to be one, and `init(_:limits:)` says what is missing.
  public static func isDICOM(_ data: Data) -> Bool {
    data.withUnsafeBytes { bytes in
      guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return false }
      if bytes.dropFirst(128).starts(with: "DICM".utf8) { return true }
      guard let library = try? DICOMLibrary.functions() else { return false }
      return library.begins(start, bytes.count) != 0
    }
  }

  /// Decodes the first frame.
  ///
  /// - Throws: `DICOMError.noPixels` if the file has none; `.unsupported` with the transfer syntax, the colour or the depth
  ///   that is not read; `.tooLarge` by the header; `.truncated` or `.corrupt` if the pixels are damaged, or if rescale,
  ///   lookup tables or window leave no difference between values that the file distinguishes; `.outOfMemory`.
  public func pixels(_ stage: DICOMStage = .display) throws(DICOMError) -> DICOMPixels {
    try data.withBytes { bytes throws(DICOMError) in
      let handle = try DICOMHandle(bytes, limits: limits)
      return try handle.withPixels(of: bytes) { raster throws(DICOMError) in
        let transform = try GrayscaleTransform(handle, raster: raster)
        return try DICOMPixels(raster, transform: transform, stage: stage, aspect: attributes.pixelAspect)
      }
    }
  }
}

extension Data {
  /// `withUnsafeBytes` with a typed error.
  fileprivate func withBytes<Value>(
    _ body: (UnsafeRawBufferPointer) throws(DICOMError) -> Value
  ) throws(DICOMError) -> Value {
    let result = withUnsafeBytes { bytes in
      Result { () throws(DICOMError) in try body(bytes) }
    }
    return try result.get()
  }
}

extension DICOMAttributes {
  init(_ handle: borrowing DICOMHandle) throws(DICOMError) {
    (transferSyntaxUID, transferSyntaxName, transferSyntaxIsRead) = handle.transferSyntax
    sopClassUID = try handle.text(0x0008_0016)
    sopInstanceUID = try handle.text(0x0008_0018)
    studyInstanceUID = try handle.text(0x0020_000D)
    seriesInstanceUID = try handle.text(0x0020_000E)
    modality = try handle.text(0x0008_0060)
    presentationIntent = try handle.text(0x0008_0068)
    bodyPart = try handle.text(0x0018_0015)
    anatomicRegion = try handle.text(0x0008_0104, in: 0x0008_2218)
    anatomicRegionCode = try handle.text(0x0008_0100, in: 0x0008_2218)
    viewName = try handle.text(0x0008_0104, in: 0x0054_0220)
    viewCode = try handle.text(0x0008_0100, in: 0x0054_0220)
    viewPosition = try handle.text(0x0018_5101)
    patientOrientation = try handle.text(0x0020_0020)
    let imageLaterality = try handle.text(0x0020_0062)
    let seriesLaterality = try handle.text(0x0020_0060)
    laterality = imageLaterality ?? seriesLaterality
    seriesDescription = try handle.text(0x0008_103E)
    studyDescription = try handle.text(0x0008_1030)
    protocolName = try handle.text(0x0018_1030)
    patientID = try handle.text(0x0010_0020)
    patientName = try handle.text(0x0010_0010)
    patientBirthDate = try handle.text(0x0010_0030)
    patientSex = try handle.text(0x0010_0040)
    patientAge = try handle.text(0x0010_1010)
    studyDate = try handle.text(0x0008_0020)
    acquisitionDate = try handle.text(0x0008_0022)
    syntheticData = try handle.text(0x0008_001C)
    privateCreator = try handle.text(0x0099_0010)
    privateNote = try handle.text(0x0099_1001)
    burnedInAnnotation = try handle.text(0x0028_0301)
    photometricInterpretation = try handle.text(0x0028_0004)
    let image = try handle.image()
    rows = Int(image.rows)
    columns = Int(image.columns)
    frames = Int(image.frames)
    bitsStored = Int(image.bits_stored)
    hasPixels = image.has_pixels != 0
    // PS3.3, C.7.6.3.1.7: the ratio is there if no spacing is.
    for element in [0x0028_0030, 0x0018_1164, 0x0018_2010, 0x0028_0034] as [UInt32] {
      guard let sides = try handle.pair(element),
        let ratio = PixelAspect.ratio(height: sides.vertical, width: sides.horizontal)
      else { continue }
      pixelAspect = ratio
      break
    }
  }
}

extension GrayscaleTransform {
  init(_ handle: borrowing DICOMHandle, raster: cdicom_raster) throws(DICOMError) {
    let image = try handle.image()
    valueBits = Int(raster.value_bits)
    isSigned = raster.is_signed != 0
    bitsStored = Int(image.bits_stored)
    modalityTable = try handle.table(0x0028_3000)
    if modalityTable == nil {
      rescale = Rescale(slope: try handle.number(0x0028_1053), intercept: try handle.number(0x0028_1052))
    }
    voiTable = try handle.table(0x0028_3010)
    window = try Window(handle)
    let presentation = try handle.text(0x2050_0020)
    isInverted = image.monochrome == 0 || presentation == "INVERSE"
    padding = try Self.padding(handle, isSigned: isSigned)
  }

  /// The two ends may come in either order (PS3.3, C.7.5.1.1.2).
  private static func padding(
    _ handle: borrowing DICOMHandle, isSigned: Bool
  ) throws(DICOMError) -> ClosedRange<Int>? {
    func stored(_ element: UInt32) throws(DICOMError) -> Int? {
      guard let number = try handle.number(element) else { return nil }
      // Files of implicit representation do not say whether it is signed.
      return isSigned && number > 32_767 ? Int(number) - 65_536 : Int(number)
    }
    guard let value = try stored(0x0028_0120) else { return nil }
    let limit = try stored(0x0028_0121) ?? value
    return min(value, limit)...max(value, limit)
  }
}

extension Window {
  /// The first window; nil if there is none, or none that can be applied.
  init?(_ handle: borrowing DICOMHandle) throws(DICOMError) {
    let name = try handle.text(0x0028_1056)?.uppercased() ?? Function.linear.rawValue
    guard let center = try handle.number(0x0028_1050), let width = try handle.number(0x0028_1051) else { return nil }
    guard let function = Function(rawValue: name) else { throw .unsupported(detail: "a VOI LUT function") }
    guard function == .linear ? width >= 1 : width > 0 else { return nil }
    self.init(center: center, width: width, function: function)
  }
}
