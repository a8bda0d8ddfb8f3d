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

  /// The file's bytes: the picture with its watermark, and texts that say that it is synthetic and how it was made.
  ///
  /// - Parameter key: Signs the file. If it has certificates, PNG and JPEG have Content Credentials (C2PA).
  /// - Throws: `ImageFileError` or `DICOMError` if a text does not fit the format.
  public func encoded(as format: OutputFormat, signedBy key: SigningKey? = nil) throws -> [UInt8] {
    try encoded(picture, as: format, signedBy: key)
  }

  /// The same in several formats, of one picture that is marked once.
  ///
  /// - Throws: As ``encoded(as:signedBy:)``.
  public func encoded(as formats: [OutputFormat], signedBy key: SigningKey? = nil) throws -> [[UInt8]] {
    let picture = picture
    return try formats.map { try encoded(picture, as: $0, signedBy: key) }
  }

  private func encoded(
    _ picture: GrayscaleImage, as format: OutputFormat, signedBy key: SigningKey?
  ) throws -> [UInt8] {
    let file: [UInt8]
    switch format {
    case .png: file = try picture.encoded(as: .png, metadata: try texts(of: picture, signedBy: key))
    case .jpeg:
      // What is compressed is signed as it comes back.
      let kept = try key.map { _ in try GrayscaleImage(decoding: picture.encoded(as: .jpeg)) }
      file = try picture.encoded(as: .jpeg, metadata: try texts(of: kept ?? picture, signedBy: key))
    case .dicom: file = try SyntheticDICOM([(picture, try texts(of: picture, signedBy: key))]).encoded()
    }
    guard let key, let certificates = key.certificates else { return file }
    return try ContentCredentials(key: key, certificates: certificates).added(to: file, as: format)
  }

  /// One DICOM file with an image in each frame, all of one size.
  ///
  /// - Throws: ``ProvenanceError/unequalFrames``; `DICOMError`.
  public static func encodedFrames(_ images: [SyntheticImage], signedBy key: SigningKey? = nil) throws -> [UInt8] {
    try SyntheticDICOM(
      try images.map { image in
        let picture = image.picture
        return (picture, try image.texts(of: picture, signedBy: key))
      }
    ).encoded()
  }

  /// One DICOM file with a frame for each of several files that this type wrote, which say what they said before.
  ///
  /// - Parameter files: PNG files.
  /// - Throws: ``ProvenanceError/unequalFrames``; `ImageFileError` for a file that is no PNG; `DICOMError`.
  public static func encodedFrames(ofFiles files: [[UInt8]]) throws -> [UInt8] {
    try SyntheticDICOM(
      try files.map { (image: try GrayscaleImage(decoding: $0), texts: try ImageText.read(fromPNG: $0)) }
    ).encoded()
  }

  /// A PNG that says that it is synthetic, and nothing of how it was drawn: for a question whose answer that would be.
  ///
  /// - Throws: `ImageFileError`.
  public func pngWithNotice() throws -> [UInt8] {
    try picture.pngBytes(metadata: [
      ImageText("Software", ThoraxVersion.software), ImageText("Description", Provenance.notice),
      ImageText("thorax:synthetic", "true"),
    ])
  }

  /// The image as files show it: with its watermark, and with the notice if it has one.
  public var picture: GrayscaleImage {
    let stamped = provenance.isStamped ? NoticeStamp.stamped(image) : image
    return provenance.isWatermarked ? Watermark(modelHash: provenance.modelHash).marked(stamped) : stamped
  }

  private func texts(of picture: GrayscaleImage, signedBy key: SigningKey?) throws -> [ImageText] {
    guard let key else { return texts }
    return try ImageSignature(of: picture, texts: texts, by: key).added(to: texts)
  }

  /// What a file of any format says of the image.
  var texts: [ImageText] {
    var texts = provenance.texts
    if let previewStep { texts.insert(ImageText("thorax:preview-step", "\(previewStep)"), at: 2) }
    return texts
  }

  /// Writes a file that appears whole or not at all, and returns its bytes.
  ///
  /// - Throws: As ``encoded(as:)``; `FileAccessError` if the file exists and is not to be
  ///   replaced, or cannot be written.
  @discardableResult
  public func write(to path: String, as format: OutputFormat, signedBy key: SigningKey? = nil, overwrite: Bool) throws
    -> [UInt8]
  {
    let bytes = try encoded(as: format, signedBy: key)
    try AtomicFile.write(bytes, to: path, mode: overwrite ? .replace : .createNew)
    return bytes
  }
}
