import CDICOM
import Foundation

/// An element of a file that is to be written: its tag (PS3.6) and its values.
public struct DICOMElement: Sendable, Equatable {
  /// `group << 16 | element`.
  public var tag: UInt32
  /// Two letters, such as `LO`. It is written, whether DCMTK knows the element or not.
  public var representation: String
  /// The values as PS3.5 writes them in text, several joined by backslashes: numbers in decimal digits, tags as
  /// (gggg,eeee).
  public var value: String
  /// The sequences, at most two, the outer first, whose first item takes it.
  public var sequences: [UInt32]

  public init(_ tag: UInt32, _ representation: String, _ value: String, in sequences: [UInt32] = []) {
    self.tag = tag
    self.representation = representation
    self.value = value
    self.sequences = sequences
  }
}

/// Writes DICOM files with DCMTK.
public enum DICOMWriter {
  /// A whole file in Explicit VR Little Endian.
  ///
  /// - Parameters:
  ///   - elements: The data set without its pixels. It names SOP Class UID and SOP Instance UID; text is UTF-8, which
  ///     Specific Character Set has to say.
  ///   - pixels: One byte each, row by row and frame by frame.
  /// - Throws: ``DICOMError/corrupt(detail:)`` for a value that DCMTK does not write; `.outOfMemory`, `.libraryUnavailable`.
  public static func encode(_ elements: [DICOMElement], pixels: [UInt8]) throws(DICOMError) -> [UInt8] {
    // C strings that live as long as this list.
    var texts: [UnsafeMutablePointer<CChar>] = []
    defer { texts.forEach { $0.deallocate() } }
    func text(_ value: String) -> UnsafePointer<CChar> {
      let characters = value.unicodeScalars.contains("\0") ? value.filter { $0 != "\0" } : value
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: characters.utf8.count + 1)
      for (index, byte) in characters.utf8.enumerated() { copy[index] = CChar(bitPattern: byte) }
      copy[characters.utf8.count] = 0
      texts.append(copy)
      return UnsafePointer(copy)
    }
    let written = elements.map { element in
      precondition(element.sequences.count <= 2, "elements lie in at most two sequences")
      return cdicom_written_element(
        sequences: (element.sequences.first ?? 0, element.sequences.dropFirst().first ?? 0), element: element.tag,
        representation: text(element.representation), value: text(element.value))
    }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var failure = cdicom_failure()
    let library = try DICOMLibrary.functions()
    let status = written.withUnsafeBufferPointer { elements in
      pixels.withUnsafeBufferPointer { pixels in
        library.write(
          elements.baseAddress!, elements.count, pixels.baseAddress!, pixels.count, &bytes, &count, &failure)
      }
    }
    defer { free(bytes) }
    try failure.check(status, limits: .standard)
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
