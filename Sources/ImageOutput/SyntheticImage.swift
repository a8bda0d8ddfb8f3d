import ImageFiles
import Support

/// An image that a model drew, and how it was made. The one door through which drawn images leave: a file that this
/// type writes says that it is synthetic.
public struct SyntheticImage: Sendable {
  public var image: GrayscaleImage
  public var provenance: Provenance
  /// The step after which it was decoded; nil for a finished image.
  public var previewStep: Int?

  public init(_ image: GrayscaleImage, provenance: Provenance, previewStep: Int? = nil) {
    self.image = image
    self.provenance = provenance
    self.previewStep = previewStep
  }

  /// The file's bytes, which say that the image is synthetic and how it was made.
  ///
  /// - Throws: `ImageFileError` if a text does not fit the format.
  public func encoded(as format: ImageFormat) throws(ImageFileError) -> [UInt8] {
    var texts = provenance.texts
    if let previewStep { texts.insert(ImageText("thorax:preview-step", "\(previewStep)"), at: 2) }
    return try image.encoded(as: format, metadata: texts)
  }

  /// Writes a file that appears whole or not at all, and returns its bytes.
  ///
  /// - Throws: `ImageFileError` if a text does not fit the format; `FileAccessError` if the file exists and is not to be
  ///   replaced, or cannot be written.
  @discardableResult
  public func write(to path: String, as format: ImageFormat, overwrite: Bool) throws -> [UInt8] {
    let bytes = try encoded(as: format)
    try AtomicFile.write(bytes, to: path, mode: overwrite ? .replace : .createNew)
    return bytes
  }
}
