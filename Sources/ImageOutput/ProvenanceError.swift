import Support

/// Why an image cannot be drawn again from what its file says.
public enum ProvenanceError: Error, Equatable, CustomStringConvertible {
  case notAnImage(path: String, reason: String)
  /// An image without the texts that Thorax writes.
  case notOurs(path: String)
  /// A text is missing (`value` is nil), or is no possible value of its key.
  case malformed(path: String, key: String, value: String?)
  /// The file could not hold these texts whole.
  case incomplete(path: String, what: String)
  /// The image was drawn from latents, and none are given.
  case needsLatents(path: String)
  /// One file cannot hold images of different sizes, nor none.
  case unequalFrames
  /// The image's model cannot do what the image says.
  case unfit(path: String, reason: String)

  public var description: String {
    switch self {
    case .notAnImage(let path, let reason): "'\(path.onOneLine(limit: 160))': \(reason)"
    case .notOurs(let path):
      "'\(path.onOneLine(limit: 160))' does not say how it was drawn: give an image of Thorax as it was written, "
        + "since other programs drop its texts"
    case .malformed(let path, let key, let value):
      "'\(path.onOneLine(limit: 160))' "
        + (value.map { "says '\($0.onOneLine(limit: 80))' for its \(key), which is not a possible value" }
          ?? "does not say its \(key)")
        + ": give an image of Thorax as it was written"
    case .incomplete(let path, let what):
      "'\(path.onOneLine(limit: 160))' holds only a part of its \(what.onOneLine(limit: 80)), as a JPEG does of a very "
        + "long text: give the text itself with --seed and the other settings"
    case .needsLatents(let path):
      "'\(path.onOneLine(limit: 160))' was drawn from latents and not from noise: give them with --initial-latents"
    case .unequalFrames:
      "one DICOM file holds images of one size: write others into files of their own"
    case .unfit(let path, let reason):
      "'\(path.onOneLine(limit: 160))' says what its model cannot do (\(reason.onOneLine(limit: 200))): give another value"
    }
  }
}
