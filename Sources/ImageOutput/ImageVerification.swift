import DICOMFiles
import Foundation
import ImageFiles
import Support

/// What can be said of where a picture comes from: by its watermark, its signature and its texts.
public struct ImageVerification: Sendable {
  /// Looks for the common watermark.
  public let watermark: WatermarkDetector.Finding
  /// `valid`, `altered` or `absent`.
  public let signature: String
  /// Of a signature that is valid, the key that checks it, in Base64.
  public let publicKey: String?
  /// What the file says of how it was drawn; nil if it says nothing, or nothing that can be.
  public let provenance: RecordedProvenance?

  /// How many frames a DICOM file has, of which the first was looked at; 1 for other formats.
  public let frames: Int
  /// Whether the file says that a program has drawn it, whichever that is.
  public let saysSynthetic: Bool

  /// Whether the watermark's payload is that of the model which the texts name; nil if one of both says nothing.
  public var modelAgrees: Bool? {
    guard let payload = watermark.payload, let provenance else { return nil }
    return payload == Watermark.payload(ofModel: provenance.modelHash)
  }

  /// Looks at a file: PNG, JPEG or DICOM, of several frames the first.
  ///
  /// - Throws: ``ProvenanceError/notAnImage(path:reason:)``; `FileAccessError`.
  public init(path: String, detector: WatermarkDetector, limits: ImageLimits = .standard) throws {
    try self.init(of: RecordedProvenance.bytes(path: path), path: path, detector: detector, limits: limits)
  }

  /// Looks at the bytes of a file; `path` names it in errors.
  ///
  /// - Throws: ``ProvenanceError/notAnImage(path:reason:)``.
  public init(
    of bytes: [UInt8], path: String, detector: WatermarkDetector, limits: ImageLimits = .standard
  ) throws(ProvenanceError) {
    let image: GrayscaleImage
    do {
      image = try OutputFormat.picture(in: bytes, limits: limits)
    } catch {
      throw .notAnImage(path: path, reason: "\(error)")
    }
    let texts = (try? RecordedProvenance.texts(of: bytes, path: path)) ?? []
    // DICOM has an element for it, which other programs write too.
    let attributes = OutputFormat(detecting: bytes) == .dicom ? (try? DICOMFile(Data(bytes)))?.attributes : nil
    frames = attributes?.frames ?? 1
    saysSynthetic =
      texts.contains { $0.key == "thorax:synthetic" && $0.value == "true" } || attributes?.isSynthetic == true
    watermark = detector.find(in: image)
    let signed = ImageSignature.state(of: image, texts: texts)
    signature = signed.state.rawValue
    publicKey = signed.state == .valid ? signed.publicKey : nil
    provenance = try? RecordedProvenance(texts, path: path)
  }
}
