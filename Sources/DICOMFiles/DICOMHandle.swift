import CDICOM
import Foundation
import ImageFiles

/// A header that the shim holds. It lives inside one function and stays on its thread.
struct DICOMHandle: ~Copyable {
  private let library: cdicom_functions
  private let file: OpaquePointer
  private let limits: ImageLimits

  init(_ bytes: UnsafeRawBufferPointer, limits: ImageLimits) throws(DICOMError) {
    guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { throw .notDICOM }
    let library = try DICOMLibrary.functions()
    var opened: OpaquePointer?
    var failure = cdicom_failure()
    let status = library.open(start, bytes.count, limits.forShim, &opened, &failure)
    try failure.check(status, limits: limits)
    guard let opened else { throw .outOfMemory(detail: "no header") }
    file = opened
    self.library = library
    self.limits = limits
  }

  deinit { library.close(file) }

  var transferSyntax: (uid: String, name: String, isRead: Bool) {
    (
      String(cString: library.syntax(file)), String(cString: library.syntax_name(file)),
      library.syntax_is_read(file) != 0
    )
  }

  /// The element's values joined by backslashes, without padding; nil if it is absent or empty. Bytes that are
  /// not UTF-8 are taken for Latin-1.
  func text(_ element: UInt32, in sequence: UInt32 = 0) throws(DICOMError) -> String? {
    var start: UnsafeMutablePointer<CChar>?
    var count = 0
    var failure = cdicom_failure()
    let status = library.text(file, cdicom_path(sequence: sequence, element: element), &start, &count, &failure)
    defer { free(start) }
    try failure.check(status, limits: limits)
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let text =
      String(bytes: bytes, encoding: .utf8)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    let trimmed = text.trimmingCharacters(in: .whitespaces.union(.controlCharacters))
    return trimmed.isEmpty ? nil : trimmed
  }

  /// The first value as a finite number; nil if it is absent, or is none.
  func number(_ element: UInt32) throws(DICOMError) -> Double? {
    guard let text = try text(element), let first = text.split(separator: "\\", omittingEmptySubsequences: false).first,
      let number = Double(first.trimmingCharacters(in: .whitespaces)), number.isFinite
    else { return nil }
    return number
  }

  /// Both values of an element that has two, the vertical one first: nil if it is absent, or has others than two numbers.
  func pair(_ element: UInt32) throws(DICOMError) -> (vertical: Double, horizontal: Double)? {
    let values = try text(element)?.split(separator: "\\", omittingEmptySubsequences: false)
      .map { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard let values, values.count == 2, let vertical = values[0], let horizontal = values[1] else { return nil }
    return (vertical, horizontal)
  }

  func image() throws(DICOMError) -> cdicom_image {
    var image = cdicom_image()
    var failure = cdicom_failure()
    try failure.check(library.describe(file, &image, &failure), limits: limits)
    return image
  }

  func table(_ sequence: UInt32) throws(DICOMError) -> LookupTable? {
    var table = cdicom_table()
    var failure = cdicom_failure()
    let status = library.read_table(file, sequence, &table, &failure)
    defer { free(table.entries) }
    try failure.check(status, limits: limits)
    guard let entries = table.entries, table.count > 0 else { return nil }
    return LookupTable(
      entries: Array(UnsafeBufferPointer(start: entries, count: table.count)), first: Int(table.first),
      bits: Int(table.bits))
  }

  /// Calls `body` with the first frame's cells, which live until it returns.
  func withPixels<Result>(
    of bytes: UnsafeRawBufferPointer, _ body: (cdicom_raster) throws(DICOMError) -> Result
  ) throws(DICOMError) -> Result {
    guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { throw .notDICOM }
    var raster = cdicom_raster()
    var failure = cdicom_failure()
    let status = library.read_pixels(file, start, bytes.count, &raster, &failure)
    defer { free(raster.cells) }
    try failure.check(status, limits: limits)
    return try body(raster)
  }
}

extension ImageLimits {
  var forShim: cdicom_limits {
    cdicom_limits(max_side: UInt32(clamping: maximumSide), max_pixels: UInt64(clamping: maximumPixels))
  }
}

extension cdicom_failure {
  package var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix(while: { $0 != 0 }), as: UTF8.self) }
  }

  func check(_ status: Int32, limits: ImageLimits) throws(DICOMError) {
    switch Int(status) {
    case CDICOM_OK: return
    case CDICOM_NOT_DICOM: throw .notDICOM
    case CDICOM_TRUNCATED: throw .truncated
    case CDICOM_TOO_LARGE: throw .tooLarge(detail: text, limits: limits)
    case CDICOM_UNSUPPORTED: throw .unsupported(detail: text)
    case CDICOM_NO_PIXELS: throw .noPixels
    case CDICOM_OUT_OF_MEMORY: throw .outOfMemory(detail: text)
    default: throw .corrupt(detail: text)
    }
  }
}
